/** What every part of a page needs and nothing changes while it is open. */

import { inject, provide, type InjectionKey } from 'vue'

import type { Common } from '../words'
import type { Options } from './options'

export interface Context<W extends Common = Common> {
  readonly options: Options
  readonly words: W
}

const KEY: InjectionKey<Context> = Symbol('context')

export function provideContext<W extends Common>(options: Options, words: W): Context<W> {
  const context = { options, words }
  provide(KEY, context)
  return context
}

/** @typeParam W the texts of the page one is in. */
export function useContext<W extends Common = Common>(): Context<W> {
  const context = inject(KEY)
  if (context === undefined) throw new Error('no context was provided')
  return context as Context<W>
}
