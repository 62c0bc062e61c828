import { describe, expect, it } from 'vitest'

import { fold, type Board } from '../src/live/board'
import { readFrame, type Delta, type Snapshot, type Tick } from '../src/live/frames'
import { NOON_MS, at, counts, delta, row, snapshot } from './feed'

function after(...frames: Record<string, unknown>[]): Board {
  let board: Board | null = null
  for (const frame of frames) {
    const next = fold(board, readFrame(JSON.stringify(frame)) as Snapshot | Delta | Tick)
    if (next === 'gap') throw new Error(`gap at ${JSON.stringify(frame)}`)
    board = next
  }
  return board as Board
}

function step(board: Board | null, frame: Record<string, unknown>): Board | 'gap' {
  return fold(board, readFrame(JSON.stringify(frame)) as Snapshot | Delta | Tick)
}

const ids = (board: Board): string[] => [...board.waits.keys()]

describe('folding frames', () => {
  it('adds, changes and removes waits', () => {
    const board = after(
      snapshot([row('a'), row('b')]),
      delta(1, { up: [row('c'), row('a', { messages: 2 })], gone: [{ id: 'b', why: 'answered' }] }),
    )
    expect(ids(board)).toEqual(['a', 'c'])
    expect(board.waits.get('a')?.wait.messages).toBe(2)
  })

  it('keeps counts and sources that a delta does not name', () => {
    const board = after(snapshot([], { counts: counts({ bot_held: 7 }) }), delta(1))
    expect(board.counts.botHeld).toBe(7)
  })

  it('takes the number of waits left out from whatever frame names it', () => {
    const board = after(snapshot([], { truncated: 9 }), delta(1), delta(2, { truncated: 3 }), delta(3))
    expect(board.truncated).toBe(3)
  })

  it('replaces everything by a snapshot', () => {
    const board = after(snapshot([row('a')]), delta(1, { up: [row('b')] }), snapshot([row('c')], { seq: 41 }))
    expect(ids(board)).toEqual(['c'])
    expect(board.seq).toBe(41)
  })

  it('sees a hole: a delta that skips a number, one seen before, a tick that is ahead, a delta before all', () => {
    const board = after(snapshot([row('a')], { seq: 5 }))
    expect(step(board, delta(7))).toBe('gap')
    expect(step(board, delta(5))).toBe('gap')
    expect(step(board, { type: 'tick', seq: 6, now: at(5) })).toBe('gap')
    expect(step(null, delta(1))).toBe('gap')
    expect(step(board, { type: 'tick', seq: 5, now: at(5) })).toBe(board)
  })

  it('goes by the service where that says since when a wait is unseen', () => {
    const stale = row('a', { flags: ['stale'], stale_since: at(-20) })
    expect(after(snapshot([stale], { now: at(50) })).waits.get('a')?.staleSinceMs).toBe(NOON_MS - 20_000)
  })

  it('remembers since when a wait stands on a stale source, over further deltas and a snapshot', () => {
    const stale = row('a', { flags: ['stale'] })
    const board = after(
      snapshot([row('a')]),
      delta(1, { now: at(30), up: [stale] }),
      delta(2, { now: at(40), up: [stale] }),
      snapshot([stale], { now: at(50) }),
    )
    expect(board.waits.get('a')?.staleSinceMs).toBe(NOON_MS + 30_000)
    const fresh = step(board, delta(1, { now: at(60), up: [row('a')] })) as Board
    expect(fresh.waits.get('a')?.staleSinceMs).toBeNull()
  })
})
