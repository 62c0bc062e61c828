/** What every part of a page needs and nothing changes while it is open. */

import { inject, provide, type InjectionKey } from 'vue'

import type { Options } from '../options'
import { WORDS, type Words } from '../words'

export interface Context {
  readonly options: Options
  readonly words: Words
}

const KEY: InjectionKey<Context> = Symbol('context')

export function provideContext(options: Options): Context {
  const context = { options, words: WORDS[options.language] }
  provide(KEY, context)
  return context
}

export function useContext(): Context {
  const context = inject(KEY)
  if (context === undefined) throw new Error('no context was provided')
  return context
}
