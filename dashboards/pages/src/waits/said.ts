/** How a wait is put into words: the same on every page. */

import type { Common } from '../words'
import { countdown, duration } from '../words/time'
import type { Band } from './standing'
import type { Row } from './view'

export function markOf(row: Row): Band | 'unknown' {
  return row.label === 'unknown' ? 'unknown' : row.band
}

export function leftOf(row: Row, words: Common): string {
  if (row.label === 'unknown') return words.none
  if (row.paused) return words.paused
  if (row.leftMs !== null) return words.left(countdown(row.leftMs))
  return row.overMs === null ? '' : words.over(duration(row.overMs, words.days))
}

export function platformOf(platform: string, words: Common): string {
  return words.platforms[platform] ?? platform
}

/** What the buyer asks about, in a word; a shop's own intents are shown as they are called. */
export function intentOf(row: Row, words: Common): string | null {
  const intent = row.wait.intent
  return intent === null ? null : (words.intents[intent] ?? intent)
}

/** Flags that say something to the floor; others stay unsaid. */
export function flagsOf(row: Row, words: Common): readonly string[] {
  const said = row.wait.flags.flatMap((flag) => words.flags[flag] ?? [])
  const alert = row.wait.alert
  if (alert?.claimedBy != null) said.unshift(words.claimed(alert.claimedBy))
  if (alert?.stopped === true) said.push(words.stopped)
  return said
}

/** Steps of a ladder in their order: those of a wait are named by their second. */
export function inStepOrder<T extends { readonly step: string }>(told: readonly T[]): readonly T[] {
  const second = (step: string): number => parseInt(step, 10) || 0
  return [...told].sort((a, b) => second(a.step) - second(b.step))
}
