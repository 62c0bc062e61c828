/** What the API says, asked again and again while the page is seen. The last good answer stays until a better one. */

import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'

import { ask, type Answer } from './client'

/** After a question that failed: what is asked for seldom must not stay unknown for as long. */
const RETRY_MS = 5_000

export interface Polled<T> {
  /** Null before the first answer, and once something else is asked. */
  readonly answer: ShallowRef<Answer<T> | null>
  /** Why what stands is no longer of now: asking again failed. Null: it is of now. */
  readonly fault: ShallowRef<string | null>
  readonly again: () => Promise<void>
}

/** @param path what to ask; null: nothing for now. What it depends on may change: it is then asked anew at once. */
export function usePolled<T>(path: () => string | null, everyMs: number): Polled<T> {
  const answer = shallowRef<Answer<T> | null>(null)
  const fault = shallowRef<string | null>(null)
  let of: string | null = null
  let asked = 0
  let answered = 0
  let turning = false
  let timer = 0
  let gone = false

  async function again(): Promise<void> {
    const now = path()
    if (now !== of) {
      // What was said of something else must not be taken for an answer to this.
      of = now
      answer.value = fault.value = null
    }
    if (now === null) return
    const number = ++asked
    const said = await ask<T>(now)
    // A slow answer must not replace a newer one, nor stand for what is asked now.
    if (number < answered || now !== of) return
    answered = number
    const stays = said.state === 'failed' && answer.value?.state === 'ok'
    fault.value = stays ? said.why : null
    if (!stays) answer.value = said
  }

  /** One after another: on a slow line a question waits for the answer to the one before it. */
  async function turn(): Promise<void> {
    window.clearTimeout(timer)
    if (turning) return
    turning = true
    if (document.visibilityState === 'visible') await again()
    turning = false
    if (gone) return
    const failed = fault.value !== null || answer.value?.state === 'failed'
    timer = window.setTimeout(() => void turn(), failed ? Math.min(everyMs, RETRY_MS) : everyMs)
  }

  /** Who comes back to the page sees what is, not what was when they left. */
  function seen(): void {
    if (document.visibilityState === 'visible') void turn()
  }

  document.addEventListener('visibilitychange', seen)
  onScopeDispose(() => {
    gone = true
    window.clearTimeout(timer)
    document.removeEventListener('visibilitychange', seen)
  })
  watch(path, () => void again())
  void turn()
  return { answer, fault, again }
}
