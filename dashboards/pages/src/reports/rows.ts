/** The rows of a report, from what the API says: sums first, rates of sums, and a dash where there is no sample. */

import type { KpiRow, ProfileTold, Score } from '../api/types'

/** The figures of a row, as far as they are shown. */
interface Figures {
  readonly buyers: { readonly received: number }
  readonly rounds: { readonly total: number; readonly answered: number }
  readonly first_response: { readonly mean_seconds: number | null }
  readonly round_response: { readonly mean_seconds: number | null; readonly p90_seconds: number | null }
  readonly dropoff: Readonly<Record<string, { readonly rate: number | null }>>
  readonly missed: { readonly rounds: number }
  readonly holding: { readonly rate: number | null }
  readonly followups: { readonly missed: number }
}

export interface ReportRow {
  readonly name: string
  readonly received: number
  readonly rounds: number
  readonly firstReply: number | null
  readonly meanReply: number | null
  readonly p90: number | null
  readonly over3: number | null
  readonly missed: number
  readonly holding: number | null
  readonly followups: number
  readonly score: Score | null
  readonly scoreId: string | null
  readonly target: number | null
  readonly left: number | null
}

export type Column = Exclude<keyof ReportRow, 'scoreId'>

export const COLUMNS: readonly Column[] = [
  'name',
  'received',
  'rounds',
  'firstReply',
  'meanReply',
  'p90',
  'over3',
  'missed',
  'holding',
  'followups',
  'score',
  'target',
  'left',
]

/** What a shop has agreed on: a share by profile. */
export type Targets = Readonly<Record<string, number>>

/**
 * @param score the profile asked for; empty: each shop's own.
 * @param targets of the row's shop; a budget has them too, but stands for the running day alone.
 */
export function rowOf(
  row: KpiRow,
  score: string,
  profiles: readonly ProfileTold[],
  targets: Targets = {},
): ReportRow {
  const figures = row.figures as unknown as Figures | null
  const budget = row.budget as
    | { profile?: string; target?: number | null; rate?: number | null; left?: number | null }
    | null
    | undefined
  const id = score !== '' ? score : (budget?.profile ?? Object.keys(targets)[0] ?? own(row, profiles))
  const target = id === null ? null : budget?.profile === id ? (budget.target ?? null) : (targets[id] ?? null)
  return {
    name: row.nick ? `${row.name} ${row.nick}` : row.name,
    received: figures?.buyers.received ?? 0,
    rounds: figures?.rounds.total ?? 0,
    firstReply: figures?.first_response.mean_seconds ?? null,
    meanReply: figures?.round_response.mean_seconds ?? null,
    p90: figures?.round_response.p90_seconds ?? null,
    over3: figures?.dropoff['180s']?.rate ?? null,
    missed: figures?.missed.rounds ?? 0,
    holding: figures?.holding.rate ?? null,
    followups: figures?.followups.missed ?? 0,
    score: id === null ? null : (row.scores[id] ?? null),
    scoreId: id,
    target,
    // Before anything is decided nothing is used up either.
    left: target === null || budget?.profile !== id || budget.rate == null ? null : (budget.left ?? null),
  }
}

/** The first rate of a row's platform; of many platforms there is none that fits all. */
function own(row: KpiRow, profiles: readonly ProfileTold[]): string | null {
  if (row.platform == null) return null
  const found = profiles.find(
    (profile) => profile.statistic === 'rate' && profile.platforms.includes(row.platform as string),
  )
  return found?.id ?? null
}

export function sorted(rows: readonly ReportRow[], by: Column, down: boolean): readonly ReportRow[] {
  const value = (row: ReportRow): number | string | null =>
    by === 'score' ? (row.score?.rate ?? null) : row[by]
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)]
    // What has no sample is last, whichever way one looks.
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1
    const order = x < y ? -1 : x > y ? 1 : 0
    return down ? -order : order
  })
}

/** A file of values with commas. What Excel would take for a formula is made text, and quotes are doubled. */
export function csv(
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const cell = (value: string | number | null): string => {
    if (value === null) return ''
    if (typeof value === 'number') return String(value)
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
    return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe
  }
  // The mark at the beginning tells Excel that it is UTF-8.
  return '\ufeff' + [columns, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n'
}
