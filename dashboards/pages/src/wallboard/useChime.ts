/**
 * One soft chime when a wait is about to miss its limit and nobody looks after it: it can still be saved. Not more
 * often than every half minute, not in the quiet hours, and never for what was so when the page opened.
 */

import { onScopeDispose, ref, watch, type Ref, type ShallowRef } from 'vue'

import { within, type Options } from '../app/options'
import { chime } from '../app/chime'
import { SoonWatcher } from '../app/soon'
import type { Shown } from '../app/useBoard'
import { unheeded } from '../waits/view'

export interface Chime {
  readonly state: Ref<'on' | 'quiet' | 'blocked'>
}

const EVERY_MS = 30_000

export function useChime(options: Options, shown: ShallowRef<Shown>): Chime {
  const state = ref<'on' | 'quiet' | 'blocked'>('blocked')
  if (!options.sound) return { state }
  const audio = new AudioContext()
  const watcher = new SoonWatcher(EVERY_MS)
  const resume = (): void => {
    void audio.resume()
  }
  window.addEventListener('pointerdown', resume)
  window.addEventListener('keydown', resume)
  watch(shown, ({ board, nowMs, freshness }) => {
    if (board === null || nowMs === null) return
    const quiet = within(options.quiet, new Date(nowMs).getHours())
    state.value = audio.state !== 'running' ? 'blocked' : quiet ? 'quiet' : 'on'
    const due = watcher.see(
      unheeded(board, nowMs).map(({ wait }) => wait.id),
      nowMs,
    )
    if (due && freshness !== 'lost' && state.value === 'on') chime(audio)
  })
  onScopeDispose(() => {
    window.removeEventListener('pointerdown', resume)
    window.removeEventListener('keydown', resume)
    void audio.close()
  })
  return { state }
}
