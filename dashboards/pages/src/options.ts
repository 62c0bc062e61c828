/** How a page is shown, said in its address, so that a screen is set up by a link and stays so. */

import type { Language } from './words'

export type Theme = 'dark' | 'light'

export interface Options {
  readonly language: Language
  readonly theme: Theme
  /** For a screen read from five metres: larger, no pointer, no scrolling, no buttons. */
  readonly tv: boolean
}

/**
 * @param search the query of the address: `?lang=zh|en&theme=dark|light&tv=1`. What is not said, or said wrongly, is
 *   the default: the browser's language, dark.
 */
export function readOptions(search: string, browserLanguages: readonly string[]): Options {
  const query = new URLSearchParams(search)
  const asked = query.get('lang')
  const language = asked === 'zh' || asked === 'en' ? asked : firstKnown(browserLanguages)
  return {
    language,
    theme: query.get('theme') === 'light' ? 'light' : 'dark',
    tv: query.get('tv') === '1',
  }
}

/** The address of the same page with one option changed. */
export function withOption(search: string, name: 'lang' | 'theme' | 'tv', value: string): string {
  const query = new URLSearchParams(search)
  query.set(name, value)
  return `?${query.toString()}`
}

function firstKnown(languages: readonly string[]): Language {
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return 'zh'
    if (/^en\b/i.test(language)) return 'en'
  }
  return 'zh'
}
