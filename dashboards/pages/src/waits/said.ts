/** How a wait is put into words: the same on every page. */

import type { Source } from '../live/frames'
import type { Common } from '../words'
import { clock, countdown, duration } from '../words/time'
import type { Band } from './standing'
import { isUnseen, type Row } from './view'

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
  const by = row.wait.alert?.claimedBy ?? null
  return [...(by === null ? [] : [words.claimed(by)]), ...remarksOf(row, words)]
}

/** The same without whose it is, where that is said already. */
export function remarksOf(row: Row, words: Common): readonly string[] {
  const said = row.wait.flags.flatMap((flag) => words.flags[flag] ?? [])
  if (row.mutedUntilMs !== null) said.push(words.muted(clock(row.mutedUntilMs)))
  if (row.wait.alert?.stopped === true) said.push(words.stopped)
  return said
}

/**
 * Why nobody waiting may be no good news: a source that is silent looks just like a quiet shop, and one that lags like
 * one that was quiet. Null: all are well.
 */
export function doubtOf(sources: readonly Source[], words: Common): string | null {
  const unknown = sources.filter(isUnseen).length
  const delayed = sources.filter((source) => source.state === 'catching_up' && !isUnseen(source)).length
  if (unknown > 0) return words.nobodyButUnknown(unknown)
  return delayed > 0 ? words.nobodyButDelayed(delayed) : null
}

/** Steps of a ladder in their order: those of a wait are named by their second. */
export function inStepOrder<T extends { readonly step: string }>(told: readonly T[]): readonly T[] {
  const second = (step: string): number => parseInt(step, 10) || 0
  return [...told].sort((a, b) => second(a.step) - second(b.step))
}
