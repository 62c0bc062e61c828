/**
 * One soft chime when a wait is about to miss its limit and nobody has claimed it: it can still be saved. Not more
 * often than every half minute, not in the quiet hours, and never for what was so when the page opened.
 */

import { onScopeDispose, ref, watch, type Ref, type ShallowRef } from 'vue'

import { within, type Options } from '../app/options'
import type { Shown } from '../app/useBoard'
import { ranked } from '../waits/view'

export interface Chime {
  readonly state: Ref<'on' | 'quiet' | 'blocked'>
}

const EVERY_MS = 30_000

export function useChime(options: Options, shown: ShallowRef<Shown>): Chime {
  const state = ref<'on' | 'quiet' | 'blocked'>('blocked')
  if (!options.sound) return { state }
  const audio = new AudioContext()
  const watcher = new SoonWatcher()
  const resume = (): void => {
    void audio.resume()
  }
  window.addEventListener('pointerdown', resume)
  window.addEventListener('keydown', resume)
  watch(shown, ({ board, nowMs, freshness }) => {
    if (board === null || nowMs === null) return
    const quiet = within(options.quiet, new Date(nowMs).getHours())
    state.value = audio.state !== 'running' ? 'blocked' : quiet ? 'quiet' : 'on'
    const soon = ranked(board, nowMs).filter(({ label, wait }) => label === 'soon' && wait.claimedBy === null)
    const due = watcher.see(
      soon.map(({ wait }) => wait.id),
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

/** Knows which waits were about to miss already. */
export class SoonWatcher {
  private known: ReadonlySet<string> | null = null
  private lastMs = -Infinity

  /** Return whether one has come to it, and long enough after the last time. */
  see(ids: readonly string[], nowMs: number): boolean {
    const known = this.known
    this.known = new Set(ids)
    if (known === null || !ids.some((id) => !known.has(id)) || nowMs - this.lastMs < EVERY_MS) return false
    this.lastMs = nowMs
    return true
  }
}

/** Two soft tones, a third apart: heard in a hall of keyboards, startling nobody. */
function chime(audio: AudioContext): void {
  for (const [index, hertz] of [660, 831].entries()) {
    const from = audio.currentTime + index * 0.16
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.frequency.value = hertz
    volume.gain.setValueAtTime(0, from)
    volume.gain.linearRampToValueAtTime(0.16, from + 0.03)
    volume.gain.exponentialRampToValueAtTime(0.0008, from + 0.9)
    tone.connect(volume).connect(audio.destination)
    tone.start(from)
    tone.stop(from + 1)
  }
}
