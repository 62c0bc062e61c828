/** What the API says, asked again and again while the page is seen. The last good answer stays until a better one. */

import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'

import { ask, type Answer } from './client'

export interface Polled<T> {
  /** Null before the first answer. */
  readonly answer: ShallowRef<Answer<T> | null>
  readonly again: () => Promise<void>
}

/** @param path what to ask; null: nothing for now. */
export function usePolled<T>(path: () => string | null, everyMs: number): Polled<T> {
  const answer = shallowRef<Answer<T> | null>(null)
  let asked = 0

  async function again(): Promise<void> {
    const now = path()
    const number = ++asked
    if (now === null) {
      answer.value = null
      return
    }
    const said = await ask<T>(now)
    // A slow answer to an old question must not replace a newer one.
    if (number !== asked) return
    if (said.state === 'failed' && answer.value?.state === 'ok') return
    answer.value = said
  }

  const timer = window.setInterval(() => {
    if (document.visibilityState === 'visible') void again()
  }, everyMs)
  onScopeDispose(() => {
    window.clearInterval(timer)
  })
  void again()
  return { answer, again }
}
