/** The lead's queue: which waits are listed, and moving through them by key. Pure. */

import type { Board } from '../live/board'
import { isClaimed, ranked, type Ranked } from '../waits/view'

export interface Filters {
  readonly text: string
  readonly team: string
  readonly platform: string
  readonly stage: string
  readonly unclaimed: boolean
}

export const NO_FILTERS: Filters = { text: '', team: '', platform: '', stage: '', unclaimed: false }

export interface Queue {
  readonly places: readonly Ranked[]
  /** Who waits, listed or not. */
  readonly all: readonly Ranked[]
  readonly teams: readonly string[]
  readonly platforms: readonly string[]
}

export function queueOf(board: Board, nowMs: number, filters: Filters): Queue {
  const all = ranked(board, nowMs)
  const teams = new Set<string>()
  const platforms = new Set<string>()
  for (const { wait } of all) {
    if (wait.team !== null) teams.add(wait.team)
    platforms.add(wait.platform)
  }
  const text = filters.text.trim().toLowerCase()
  const places = all.filter(({ wait, label }) => {
    if (filters.team !== '' && wait.team !== filters.team) return false
    if (filters.platform !== '' && wait.platform !== filters.platform) return false
    if (filters.stage !== '' && label !== filters.stage) return false
    if (filters.unclaimed && isClaimed(wait)) return false
    if (text === '') return true
    const agent = board.agents.get(wait.person ?? '')
    return [wait.shop, wait.buyer, wait.agent, wait.account, agent?.name, agent?.seat].some(
      (name) => name != null && name.toLowerCase().includes(text),
    )
  })
  return { places, all, teams: [...teams].sort(), platforms: [...platforms].sort() }
}

/** The wait after (`1`) or before (`-1`) the chosen one; the first where none is chosen or the chosen one has left. */
export function moved(places: readonly Ranked[], chosen: string | null, by: 1 | -1): string | null {
  if (places.length === 0) return null
  const index = places.findIndex(({ wait }) => wait.id === chosen)
  const next = index < 0 ? 0 : Math.min(places.length - 1, Math.max(0, index + by))
  return places[next]?.wait.id ?? null
}
