/**
 * What the server has told us, folded frame by frame. Pure: a frame in, the next board out.
 *
 * `seq` grows by exactly one with each delta. A hole means something was missed, so nothing that follows can be
 * trusted until a snapshot replaces all of it.
 */

import type { Agent, Counts, Delta, Snapshot, Source, Tick, Wait } from './frames'

export interface BoardWait {
  readonly wait: Wait
  /** Since when its source is stale: from then on its time is shown standing still. Null while fresh. */
  readonly staleSinceMs: number | null
}

export interface Board {
  readonly epoch: string
  readonly seq: number
  readonly build: string
  readonly demo: boolean
  readonly waits: ReadonlyMap<string, BoardWait>
  readonly counts: Counts
  readonly sources: readonly Source[]
  readonly agents: ReadonlyMap<string, Agent>
  readonly truncated: number
}

/** Return the board after the frame, or `'gap'` when frames before it are missing. */
export function fold(board: Board | null, frame: Snapshot | Delta | Tick): Board | 'gap' {
  if (frame.type === 'snapshot') return replaced(board, frame)
  if (board === null) return 'gap'
  if (frame.type === 'tick') return frame.seq === board.seq ? board : 'gap'
  return frame.seq === board.seq + 1 ? changed(board, frame) : 'gap'
}

function replaced(before: Board | null, frame: Snapshot): Board {
  const waits = new Map<string, BoardWait>()
  for (const wait of frame.waits) waits.set(wait.id, placed(before, wait, frame.nowMs))
  return {
    epoch: frame.epoch,
    seq: frame.seq,
    build: frame.build,
    demo: frame.demo,
    waits,
    counts: frame.counts,
    sources: frame.sources,
    agents: byName(frame.agents),
    truncated: frame.truncated,
  }
}

function changed(board: Board, frame: Delta): Board {
  const waits = new Map(board.waits)
  for (const wait of frame.up) waits.set(wait.id, placed(board, wait, frame.nowMs))
  for (const id of frame.gone) waits.delete(id)
  return {
    ...board,
    seq: frame.seq,
    waits,
    counts: frame.counts ?? board.counts,
    sources: frame.sources ?? board.sources,
    agents: frame.agents === null ? board.agents : byName(frame.agents),
    truncated: frame.truncated ?? board.truncated,
  }
}

function placed(before: Board | null, wait: Wait, nowMs: number): BoardWait {
  if (!wait.flags.includes('stale')) return { wait, staleSinceMs: null }
  return { wait, staleSinceMs: wait.staleSinceMs ?? before?.waits.get(wait.id)?.staleSinceMs ?? nowMs }
}

function byName(agents: readonly Agent[]): ReadonlyMap<string, Agent> {
  return new Map(agents.map((agent) => [agent.agent, agent]))
}
