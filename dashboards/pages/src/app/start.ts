/** How every page begins: its options, language and theme, and what to do when it breaks. */

import { createApp, type Component } from 'vue'

import '../design/tokens.css'
import '../design/base.css'
import type { Language } from '../words'
import { readOptions } from './options'
import { themeAt } from './theme'

/** Nobody stands at a TV: a page that broke begins again. Long enough to do no harm if it breaks at once each time. */
const RELOAD_AFTER_FAULT_MS = 20_000

const TAGS: Readonly<Record<Language, string>> = { zh: 'zh-CN', en: 'en' }

export function start(page: Component, density: 'board' | 'desk'): void {
  const options = readOptions(window.location.search, navigator.languages)
  const root = document.documentElement
  root.lang = TAGS[options.language]
  root.dataset['theme'] = themeAt(options.theme, new Date().getHours())
  root.dataset['layout'] = options.tv ? 'tv' : density
  const app = createApp(page, { options })
  app.config.errorHandler = (fault) => {
    console.error(fault)
    if (options.tv)
      window.setTimeout(() => {
        window.location.reload()
      }, RELOAD_AFTER_FAULT_MS)
  }
  app.mount('#page')
}
