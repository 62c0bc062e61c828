/** How a page is shown, said in its address, so that a screen is set up by a link and stays so. */

import type { Language } from '../words'

export type Theme = 'auto' | 'dark' | 'light'

/** What one board is about; an empty list is everything. */
export interface BoardFilter {
  readonly shops: readonly string[]
  readonly teams: readonly string[]
  readonly platforms: readonly string[]
  /** A floor is the teams that the register says sit on it. */
  readonly floors: readonly string[]
}

/** Hours of the day, the end not included; `from` after `to` goes over midnight. */
export interface Hours {
  readonly from: number
  readonly to: number
}

export interface Options {
  readonly language: Language
  readonly theme: Theme
  /** For a screen read from five metres: larger, no pointer, no scrolling, no buttons. */
  readonly tv: boolean
  readonly board: BoardFilter
  /** What the board is called, beside the title. */
  readonly name: string | null
  readonly sound: boolean
  /** Hours without sound. */
  readonly quiet: Hours
}

/** At night the hall is dark, or nobody is there to be called. */
const USUAL_QUIET: Hours = { from: 0, to: 8 }

/**
 * @param search the query of the address, such as
 *   `?lang=zh|en&theme=auto|dark|light&tv=1&floor=二楼&team=A&platform=taobao,jd&shop=…&name=…&sound=1&quiet=22-8`. What is not
 *   said, or said wrongly, is the default: the browser's language, light by day and dark by night, all shops, silent.
 */
export function readOptions(search: string, browserLanguages: readonly string[]): Options {
  const query = new URLSearchParams(search)
  const asked = query.get('lang')
  const theme = query.get('theme')
  return {
    language: asked === 'zh' || asked === 'en' ? asked : firstKnown(browserLanguages),
    theme: theme === 'light' || theme === 'dark' ? theme : 'auto',
    tv: query.get('tv') === '1',
    board: {
      shops: listed(query, 'shop'),
      teams: listed(query, 'team'),
      platforms: listed(query, 'platform'),
      floors: listed(query, 'floor'),
    },
    name: query.get('name'),
    sound: query.get('sound') === '1',
    quiet: readHours(query.get('quiet')) ?? USUAL_QUIET,
  }
}

/** The address of the same page with one option changed. */
export function withOption(search: string, name: 'lang' | 'theme' | 'tv' | 'sound', value: string): string {
  const query = new URLSearchParams(search)
  query.set(name, value)
  return `?${query.toString()}`
}

/** The address of another page, in the language and the colours that were chosen on this one. */
export function pageAddress(
  path: string,
  search: string,
  asked: Readonly<Record<string, string>> = {},
): string {
  const here = new URLSearchParams(search)
  const query = new URLSearchParams(asked)
  for (const name of ['lang', 'theme']) {
    const chosen = here.get(name)
    if (chosen !== null) query.set(name, chosen)
  }
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}

/** Where one logs in, to come back to the page one was on. */
export function loginAddress({ pathname, search }: { pathname: string; search: string }): string {
  return `/login?${new URLSearchParams({ next: pathname + search }).toString()}`
}

/** Whether a board is of a part of the floor only. */
export function isPart(board: BoardFilter): boolean {
  return Object.values(board).some((names: readonly string[]) => names.length > 0)
}

/** Whether an hour of the day is among these. */
export function within(hours: Hours, hour: number): boolean {
  return hours.from <= hours.to
    ? hour >= hours.from && hour < hours.to
    : hour >= hours.from || hour < hours.to
}

/** Names repeated or with commas between them. */
function listed(query: URLSearchParams, name: string): readonly string[] {
  const all = query.getAll(name).flatMap((value) => value.split(','))
  return [...new Set(all.map((value) => value.trim()).filter((value) => value !== ''))].sort()
}

function readHours(text: string | null): Hours | null {
  const parts = /^(\d{1,2})-(\d{1,2})$/.exec(text ?? '')
  if (parts === null) return null
  const [from, to] = [Number(parts[1]), Number(parts[2])]
  return from <= 24 && to <= 24 ? { from, to } : null
}

function firstKnown(languages: readonly string[]): Language {
  for (const language of languages) {
    if (/^zh\b/i.test(language)) return 'zh'
    if (/^en\b/i.test(language)) return 'en'
  }
  return 'zh'
}
