/** The waits of one agent, over all shops: least time left first. Pure. */

import type { Board } from '../live/board'
import { ranked, rowOf, type Row } from '../waits/view'

/** Before 千牛's own 100 s: the panel speaks first. */
export const POP_UP_MS = 90_000

export function mine(board: Board, nowMs: number, agent: string): readonly Row[] {
  return ranked(board, nowMs)
    .filter(({ wait }) => wait.person === agent || wait.agent === agent || wait.account === agent)
    .map(rowOf)
}

/** Everybody who can be chosen: those who are known, and those for whom somebody waits. */
export function everybody(board: Board): readonly string[] {
  const names = new Set<string>(board.agents.keys())
  for (const { wait } of board.waits.values()) if (wait.person !== null) names.add(wait.person)
  return [...names].sort()
}

/** Those that have waited so long that the panel speaks up, and were not spoken of yet. */
export class PopUp {
  private told = new Set<string>()
  private begun = false

  see(rows: readonly Row[]): readonly Row[] {
    const long = rows.filter((row) => row.waitedMs >= POP_UP_MS && row.label !== 'unknown' && !row.paused)
    const fresh = this.begun ? long.filter((row) => !this.told.has(row.wait.id)) : []
    this.begun = true
    this.told = new Set(long.map((row) => row.wait.id))
    // All that are over it are named together: one look, not one for each chat.
    return fresh.length > 0 ? long : []
  }
}
