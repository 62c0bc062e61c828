/**
 * Where one wait stands at one instant: its stage, its band, and how long is left.
 *
 * Two clocks (the law is domain.md "two clocks" in code form): what is shown as the wait is the buyer's clock, which
 * never stops; stages and time left run on the counted clock, which may stand still.
 */

import type { Limit, Wait } from '../live/frames'

/** What a stage looks like. Policy may name any number of stages; a board has four looks. */
export type Band = 'ok' | 'warn' | 'late' | 'lost'

export const BANDS: readonly Band[] = ['ok', 'warn', 'late', 'lost']

/** What the row says. `soon` is a wait that can still be kept in time, with a minute or less to do it. */
export type Label = 'fresh' | 'slow' | 'soon' | 'at_risk' | 'lost' | 'unknown'

export interface Standing {
  readonly band: Band
  readonly label: Label
  /** The buyer's clock. */
  readonly waitedMs: number
  /** Until the wait enters `late` or `lost`, whichever is next; null when neither is left. */
  readonly leftMs: number | null
  /** Past the last such limit; null while there is one ahead. */
  readonly overMs: number | null
  /** The counted clock stands still. */
  readonly paused: boolean
}

const SOON_MS = 60_000

/** A wait that needs an answer since `sinceMs`, at `nowMs` of the server's clock. */
export function standing(wait: Wait, sinceMs: number, nowMs: number): Standing {
  const waitedMs = Math.max(0, nowMs - sinceMs)
  const counted = Math.max(0, (wait.standingSinceMs ?? nowMs) - sinceMs - wait.stoodMs)
  const paused = wait.standingSinceMs !== null
  let band: Band = 'ok'
  let leftMs: number | null = null
  let lastCrossedMs: number | null = null
  for (let i = 0; i < wait.limits.length; i++) {
    const limit = wait.limits[i] as Limit
    const entered = bandOf(limit, i, wait.limits.length)
    // A reply at exactly the limit is in time: a stage is entered once the wait is longer.
    if (counted > limit.afterMs) {
      band = entered
      lastCrossedMs = limit.afterMs
    } else if (leftMs === null && (entered === 'late' || entered === 'lost')) {
      leftMs = limit.afterMs - counted
    }
  }
  const overMs = leftMs === null && lastCrossedMs !== null ? counted - lastCrossedMs : null
  return { band, label: labelOf(band, leftMs), waitedMs, leftMs, overMs, paused }
}

/** The known names first; others by their place from the end, so that the last stage always looks like the last. */
export function bandOf(limit: Limit, index: number, count: number): Band {
  if (limit.name === 'slow') return 'warn'
  if (limit.name === 'at_risk') return 'late'
  if (limit.name === 'lost' || index === count - 1) return 'lost'
  return index === count - 2 ? 'late' : 'warn'
}

function labelOf(band: Band, leftMs: number | null): Label {
  if (band === 'lost') return 'lost'
  if (band === 'late') return 'at_risk'
  if (leftMs !== null && leftMs <= SOON_MS) return 'soon'
  return band === 'warn' ? 'slow' : 'fresh'
}
