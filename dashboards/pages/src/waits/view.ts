/**
 * The board at one instant, ready to be drawn. Pure, and cheap enough to be made anew every second from thousands
 * of waits.
 *
 * Order: whom an answer can still save, least time left first; then those somebody has claimed; then those whose
 * source is silent, since nobody knows; last the presumed lost. Time left runs to the next limit that costs
 * something (`late` or `lost`): were the early `slow` limit counted too, every wait would climb to the top in its first minute
 * and drop again, above those that are really about to be missed.
 *
 * The one who can be acted on is the agent: a row is an agent, led by the wait that has least time left.
 */

import type { Board, BoardWait } from '../live/board'
import type { Agent, Source, Wait } from '../live/frames'
import { standing, type Band, type Label, type Standing } from './standing'

/** Lost ones cannot be acted on any more: the two newest are shown for ten minutes, the others are counted. */
const LOST_ROWS = 2
const LOST_SHOWN_MS = 600_000

export interface Row extends Standing {
  readonly wait: Wait
  /** How often the buyer has asked again. */
  readonly nudges: number
  readonly claimed: boolean
  /** Until when nothing is told of it; null: it is told of. */
  readonly mutedUntilMs: number | null
}

/** All that wait for one agent; those with nobody, by shop. */
export interface AgentRow {
  readonly key: string
  readonly lead: Row
  /** Who else waits for the same agent, the most urgent ones. */
  readonly others: readonly Row[]
  /** How many wait for the agent in all. */
  readonly count: number
  readonly agent: Agent | null
}

export interface TeamTally {
  readonly team: string
  readonly waiting: number
  readonly soon: number
  /** Overdue and not yet presumed lost: the lost are counted for the whole board. */
  readonly late: number
}

export interface View {
  readonly rows: readonly AgentRow[]
  /** How many waits are not on the screen. */
  readonly more: number
  /** How many of `more` are presumed lost. */
  readonly moreLost: number
  readonly longest: Row | null
  readonly waiting: number
  /** Still in time, with a minute or less left. */
  readonly soon: number
  readonly late: number
  readonly tally: Readonly<Record<Band, number>>
  readonly teams: readonly TeamTally[]
  readonly unknown: number
  readonly botHeld: number
  readonly courtesy: number
  /** Null when nothing was ever received. */
  readonly quietMs: number | null
  readonly sources: SourcesView
}

export interface SourcesView {
  readonly total: number
  readonly ok: number
  /** Silent, or with an account that is not logged in: of these something is unseen. */
  readonly unknown: number
  readonly delayed: number
  /** What is not well: unknown ones first, then the delayed, the longest delay first. */
  readonly troubled: readonly Source[]
}

/** A wait and its place. Thousands of these are made every second; rows are made of the few that are shown. */
export interface Ranked {
  readonly wait: Wait
  readonly stands: Standing
  readonly label: Label
  readonly group: Group
  readonly key: number
  readonly mutedUntilMs: number | null
}

export const enum Group {
  Savable,
  Claimed,
  Unknown,
  Lost,
}

/** Return all waits that have a place, in the order of the board; those a bot holds have none. */
export function ranked(board: Board, nowMs: number): readonly Ranked[] {
  const places: Ranked[] = []
  for (const boardWait of board.waits.values()) {
    const place = isBotHeld(boardWait.wait) ? null : rank(boardWait, nowMs)
    if (place !== null) places.push(place)
  }
  return places.sort((a, b) => a.group - b.group || a.key - b.key)
}

/** Who is about to be missed and nobody looks after: whom it is worth to speak up for, most urgent first. */
export function unheeded(board: Board, nowMs: number): readonly Ranked[] {
  return ranked(board, nowMs).filter(
    ({ label, wait, mutedUntilMs }) =>
      label === 'soon' && !isClaimed(wait) && mutedUntilMs === null && wait.alert?.stopped !== true,
  )
}

/** How many wait for an answer, listed or not; those a bot holds and those who were only polite do not. */
export function waitingIn(board: Board): number {
  let own = 0
  for (const { wait } of board.waits.values()) if (wait.sinceMs !== null && !isBotHeld(wait)) own += 1
  return own + board.truncated
}

/**
 * @param rowsMax how many agents fit.
 * @param othersNamed how many are named beside the first of an agent; the others of the agent are counted.
 */
export function viewOf(board: Board, nowMs: number, rowsMax: number, othersNamed = 2): View {
  const places = ranked(board, nowMs)
  const tally: Record<Band, number> = { ok: 0, warn: 0, late: 0, lost: 0 }
  let botHeld = 0
  let longest: Ranked | null = null
  let soon = 0
  let unknown = 0
  for (const { wait } of board.waits.values()) if (isBotHeld(wait)) botHeld += 1
  for (const place of places) {
    if (longest === null || place.stands.waitedMs > longest.stands.waitedMs) longest = place
    if (place.group === Group.Unknown) unknown += 1
    else tally[place.stands.band] += 1
    if (place.label === 'soon') soon += 1
  }
  const rows = agentRows(board, places, rowsMax, othersNamed)
  const named = rows.flatMap((row) => [row.lead, ...row.others])
  const cut = board.truncated > 0
  const all = cut ? fromServer(board, tally) : { tally, botHeld }
  // The server knows each wait's stage, unknown to us or not.
  const waiting = cut ? sum(all.tally) : sum(tally) + unknown
  return {
    rows,
    more: waiting - named.length,
    moreLost: all.tally.lost - named.filter((row) => row.band === 'lost' && row.label !== 'unknown').length,
    longest: longest === null ? null : rowOf(longest),
    waiting,
    soon,
    late: all.tally.late + all.tally.lost,
    tally: all.tally,
    teams: teamTallies(places),
    unknown,
    botHeld: all.botHeld,
    courtesy: board.counts.courtesy,
    quietMs: board.counts.lastEventAtMs === null ? null : Math.max(0, nowMs - board.counts.lastEventAtMs),
    sources: sourcesView(board.sources),
  }
}

/** The rows of the board: an agent stands where the most urgent of the agent's waits would. */
function agentRows(
  board: Board,
  places: readonly Ranked[],
  rowsMax: number,
  othersNamed: number,
): readonly AgentRow[] {
  const byAgent = new Map<string, Ranked[]>()
  let lost = 0
  for (const place of places) {
    const key = agentKey(place.wait)
    const own = byAgent.get(key)
    if (own !== undefined) {
      own.push(place)
      continue
    }
    if (byAgent.size === rowsMax) continue
    if (place.group === Group.Lost) {
      if (lost === LOST_ROWS || place.key > LOST_SHOWN_MS) continue
      lost += 1
    }
    byAgent.set(key, [place])
  }
  return [...byAgent].map(([key, own]) => ({
    key,
    lead: rowOf(own[0] as Ranked),
    others: own.slice(1, 1 + othersNamed).map(rowOf),
    count: own.length,
    agent: board.agents.get((own[0] as Ranked).wait.person ?? '') ?? null,
  }))
}

function agentKey(wait: Wait): string {
  if (wait.person !== null) return `a ${wait.person}`
  return wait.account === null ? `s ${wait.shop}` : `c ${wait.account}`
}

function teamTallies(places: readonly Ranked[]): readonly TeamTally[] {
  const teams = new Map<string, { team: string; waiting: number; soon: number; late: number }>()
  for (const { wait, label } of places) {
    const team = wait.team ?? 'default'
    let tally = teams.get(team)
    if (tally === undefined) {
      tally = { team, waiting: 0, soon: 0, late: 0 }
      teams.set(team, tally)
    }
    tally.waiting += 1
    if (label === 'soon') tally.soon += 1
    if (label === 'at_risk') tally.late += 1
  }
  return [...teams.values()].sort((a, b) => compare(a.team, b.team))
}

/** Return the place of a wait, or null when it has none on the board: the buyer was only polite. */
function rank({ wait, staleSinceMs }: BoardWait, nowMs: number): Ranked | null {
  if (wait.sinceMs === null) return null
  const untilMs = wait.alert?.mutedUntilMs ?? 0
  const mutedUntilMs = untilMs > nowMs ? untilMs : null
  if (staleSinceMs !== null) {
    const stands = standing(wait, wait.sinceMs, staleSinceMs)
    return { wait, stands, label: 'unknown', group: Group.Unknown, key: urgency(stands), mutedUntilMs }
  }
  const stands = standing(wait, wait.sinceMs, nowMs)
  if (stands.band === 'lost') {
    return { wait, stands, label: 'lost', group: Group.Lost, key: stands.overMs ?? 0, mutedUntilMs }
  }
  const group = isClaimed(wait) ? Group.Claimed : Group.Savable
  return { wait, stands, label: stands.label, group, key: urgency(stands), mutedUntilMs }
}

/** Less is more urgent. Nothing left to miss (a policy without late stages): after the others, the longest wait first. */
function urgency(stands: Standing): number {
  return stands.leftMs ?? Number.MAX_SAFE_INTEGER - stands.waitedMs
}

export function isClaimed(wait: Wait): boolean {
  return wait.alert !== null && wait.alert.claimedBy !== null
}

function isBotHeld(wait: Wait): boolean {
  return wait.flags.includes('bot_held')
}

export function rowOf({ wait, stands, label, mutedUntilMs }: Ranked): Row {
  const nudges = Math.max(0, wait.messages - 1)
  return { ...stands, label, wait, nudges, claimed: isClaimed(wait), mutedUntilMs }
}

/** The server left rows out: its counts are right where ours would be too small. Its stages carry the usual names. */
function fromServer(
  board: Board,
  own: Record<Band, number>,
): { tally: Record<Band, number>; botHeld: number } {
  const open = board.counts.waitsOpen
  const tally = {
    ok: Math.max(own.ok, open.get('fresh') ?? 0),
    warn: Math.max(own.warn, open.get('slow') ?? 0),
    late: Math.max(own.late, open.get('at_risk') ?? 0),
    lost: Math.max(own.lost, open.get('lost') ?? 0),
  }
  return { tally, botHeld: board.counts.botHeld }
}

function sum(tally: Readonly<Record<Band, number>>): number {
  return tally.ok + tally.warn + tally.late + tally.lost
}

/** Whether nobody can tell what some of its shops say: it is silent, or an account of it is not logged in. */
export function isUnseen(source: Source): boolean {
  return source.state === 'stale' || source.accountsOut > 0
}

function sourcesView(sources: readonly Source[]): SourcesView {
  const troubled = sources.filter((source) => source.state !== 'ok' || isUnseen(source))
  const unknown = troubled.filter(isUnseen).length
  const worse = (source: Source): number => {
    if (source.state === 'stale') return -Infinity
    return isUnseen(source) ? -Number.MAX_VALUE : -(source.lagSeconds ?? 0)
  }
  troubled.sort((a, b) => compare(worse(a), worse(b)) || compare(a.name, b.name))
  const ok = sources.length - troubled.length
  return { total: sources.length, ok, unknown, delayed: troubled.length - unknown, troubled }
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
