import { describe, expect, it } from 'vitest'

import { fold, type Board } from '../src/live/board'
import { readFrame, type Snapshot } from '../src/live/frames'
import { doubtOf, flagsOf, remarksOf } from '../src/waits/said'
import { ranked, rowOf, type Row } from '../src/waits/view'
import { common as en } from '../src/words/en/common'
import { clock, timeSeenFrom } from '../src/words/time'
import { NOON_MS, at, row, snapshot } from './feed'

function board(more: Record<string, unknown>): Board {
  return fold(null, readFrame(JSON.stringify(snapshot([], more))) as Snapshot) as Board
}

function theRow(more: Record<string, unknown>): Row {
  const [place] = ranked(board({ waits: [row('a', more)] }), NOON_MS)
  if (place === undefined) throw new Error('it has no place')
  return rowOf(place)
}

describe('what is said of a wait', () => {
  it('is whose it is, what is special, and that nothing is told of it', () => {
    const alert = { claimed_by: '小王', muted_until: at(600), stopped: true, told: [] }
    const said = theRow({ flags: ['out_of_hours', 'first'], alert })
    const until = clock(NOON_MS + 600_000)
    expect(remarksOf(said, en)).toEqual(['Out of hours', `Muted until ${until}`, 'Told no more'])
    expect(flagsOf(said, en)[0]).toBe('Claimed by 小王')
  })

  it('is nothing of a mute that is over', () => {
    expect(flagsOf(theRow({ alert: { claimed_by: null, muted_until: at(0), told: [] } }), en)).toEqual([])
  })
})

describe('nobody waiting', () => {
  it('is good news only while no source is silent and none lags', () => {
    const doubt = (...states: string[]): string | null =>
      doubtOf(board({ sources: states.map((state, n) => ({ name: `c${n}`, state })) }).sources, en)
    expect(doubt('ok', 'ok')).toBeNull()
    expect(doubt('ok', 'catching_up')).toBe('1 source is delayed: newer messages may not be here yet')
    const kicked = [{ name: 'c', state: 'ok', accounts: 3, accounts_out: 1 }]
    expect(doubtOf(board({ sources: kicked }).sources, en)).toMatch(/^1 source is unknown/)
    expect(doubt('stale', 'catching_up')).toBe('1 source is unknown: buyers may be waiting unseen')
  })
})

it('an instant of another day is said with its day', () => {
  const noon = new Date(2026, 10, 23, 12).getTime()
  expect(timeSeenFrom(noon - 3_600_000, noon)).toBe('11:00:00')
  expect(timeSeenFrom(noon - 86_400_000, noon)).toBe('11-22 12:00')
})
