/** The waits of one agent, over all shops: least time left first. Pure. */

import type { Board } from '../live/board'
import { ranked, rowOf, type Row } from '../waits/view'

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

/** Those of whom the ladder in force says, as the shipped one does at 90 s, that the panel speaks up. */
export class PopUp {
  private told = new Set<string>()
  private begun = false

  see(rows: readonly Row[]): readonly Row[] {
    const loud = rows.filter(
      (row) => row.label !== 'unknown' && row.wait.alert?.told.some((step) => step.to === 'popup'),
    )
    const fresh = this.begun ? loud.filter((row) => !this.told.has(row.wait.id)) : []
    this.begun = true
    this.told = new Set(loud.map((row) => row.wait.id))
    // All are named together: one look, not one for each chat.
    return fresh.length > 0 ? loud : []
  }
}
