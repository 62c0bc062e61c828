import { describe, expect, it } from 'vitest'

import { fold, type Board } from '../src/live/board'
import { readFrame, type Snapshot } from '../src/live/frames'
import { unheeded, viewOf, waitingIn, type View } from '../src/waits/view'
import { NOON_MS, at, counts, row, snapshot } from './feed'

function board(waits: readonly Record<string, unknown>[], more: Record<string, unknown> = {}): Board {
  return fold(null, readFrame(JSON.stringify(snapshot(waits, more))) as Snapshot) as Board
}

/** A wait that has lasted so long at noon. */
function waiting(id: string, seconds: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return row(id, { waiting_since: at(-seconds), ...more })
}

function view(
  waits: readonly Record<string, unknown>[],
  rowsMax = 12,
  more: Record<string, unknown> = {},
): View {
  return viewOf(board(waits, more), NOON_MS, rowsMax)
}

const ids = (v: View): string[] => v.rows.map((r) => r.lead.wait.id)

describe('the order of the board', () => {
  it('puts first whom there is least time left to save', () => {
    expect(
      ids(view([waiting('55s', 55), waiting('175s', 175), waiting('290s', 290), waiting('100s', 100)])),
    ).toEqual([
      '175s', // 5 s left to at_risk
      '290s', // 10 s left to lost
      '100s', // 80 s
      '55s', // 125 s; the 5 s to slow cost nothing
    ])
  })

  it('compares waits under different limits by what each has left', () => {
    const jd = [
      ['slow', 10],
      ['at_risk', 30],
      ['lost', 300],
    ]
    expect(ids(view([waiting('taobao', 100), waiting('jd', 20, { stages: jd })]))).toEqual(['jd', 'taobao'])
  })

  it('lets claimed ones sink, then those nobody knows of, then the lost', () => {
    const waits = [
      waiting('lost', 310),
      waiting('stale', 170, { flags: ['stale'] }),
      waiting('claimed', 170, { alert: { claimed_by: '小王', told: [] } }),
      waiting('open', 20),
    ]
    expect(ids(view(waits))).toEqual(['open', 'claimed', 'stale', 'lost'])
  })

  it('shows the two newest lost ones, for ten minutes, and counts the rest', () => {
    const waits = [waiting('a', 320), waiting('b', 400), waiting('c', 310), waiting('d', 901)]
    const v = view(waits)
    expect(ids(v)).toEqual(['c', 'a'])
    expect(v).toMatchObject({ more: 2, moreLost: 2, waiting: 4, late: 4 })
    expect(v.longest?.wait.id).toBe('d')
    expect(view([waiting('d', 901)])).toMatchObject({ rows: [], more: 1, moreLost: 1 })
  })

  it('shows as many rows as fit and says how many more there are', () => {
    const many = Array.from({ length: 40 }, (_, i) => waiting(`w${i}`, i))
    expect(view(many, 7)).toMatchObject({ more: 33, moreLost: 0, waiting: 40 })
    expect(view(many, 7).rows).toHaveLength(7)
  })
})

describe('the rows of the board', () => {
  it('gathers all that wait for one agent where the most urgent of them stands', () => {
    const waits = [
      waiting('a', 20, { agent: 'lin' }),
      waiting('b', 150, { agent: 'lin' }),
      waiting('c', 100, { agent: 'zhou' }),
      waiting('d', 320, { agent: 'lin' }),
    ]
    const v = view(waits)
    expect(v.rows.map((r) => [r.lead.wait.id, r.others.map((o) => o.wait.id), r.count])).toEqual([
      ['b', ['a', 'd'], 3],
      ['c', [], 1],
    ])
    expect(v).toMatchObject({ waiting: 4, more: 0, moreLost: 0 })
  })

  it('names two others and counts the rest', () => {
    const v = view(Array.from({ length: 9 }, (_, i) => waiting(`w${i}`, i, { agent: 'lin' })))
    expect(v.rows[0]).toMatchObject({ count: 9 })
    expect(v.rows[0]?.others).toHaveLength(2)
    expect(v.more).toBe(6)
  })

  it('puts those with nobody by shop', () => {
    const nobody = { agent: null, account: null }
    const v = view([
      waiting('a', 20, nobody),
      waiting('b', 10, nobody),
      waiting('c', 5, { ...nobody, shop: 'other' }),
    ])
    expect(v.rows.map((r) => r.count)).toEqual([2, 1])
  })

  it('knows seat and load of an agent where somebody tells', () => {
    const agents = [
      { agent: 'lin', name: '小林', seat: 'B07', team: 'A', state: 'online', open: 7, limit: 8 },
    ]
    const v = view([waiting('a', 5, { agent: 'lin' }), waiting('b', 1)], 12, { agents })
    expect(v.rows.map((r) => r.agent?.seat ?? null)).toEqual(['B07', null])
  })

  it('speaks up for those about to be missed whom nobody looks after', () => {
    const acted = (more: Record<string, unknown>): Record<string, unknown> => ({
      alert: { claimed_by: null, told: [], ...more },
    })
    const floor = board([
      waiting('soon', 130),
      waiting('later', 60),
      waiting('claimed', 130, acted({ claimed_by: '小王' })),
      waiting('muted', 130, acted({ muted_until: at(1) })),
      waiting('muted once', 130, acted({ muted_until: at(-1) })),
      waiting('stopped', 130, acted({ stopped: true })),
    ])
    expect(unheeded(floor, NOON_MS).map(({ wait }) => wait.id)).toEqual(['soon', 'muted once'])
  })

  it('counts who waits for an answer: nobody whom a bot holds, nobody who was only polite', () => {
    const waits = [
      waiting('a', 5),
      waiting('bot', 5, { flags: ['bot_held'] }),
      row('polite', { waiting_since: null }),
    ]
    expect(waitingIn(board(waits))).toBe(1)
    expect(waitingIn(board(waits, { truncated: 40 }))).toBe(41)
  })

  it('counts waits by team', () => {
    const v = view([
      waiting('a', 150, { team: 'A' }),
      waiting('b', 5, { team: 'A' }),
      waiting('c', 200, { team: 'B' }),
    ])
    expect(v.teams).toEqual([
      { team: 'A', waiting: 2, soon: 1, late: 0 },
      { team: 'B', waiting: 1, soon: 0, late: 1 },
    ])
  })
})

describe('the figures of the board', () => {
  it('counts stages, those about to be missed and those that are overdue', () => {
    const v = view([
      waiting('a', 10),
      waiting('b', 70),
      waiting('c', 130),
      waiting('d', 200),
      waiting('e', 301),
    ])
    expect(v.tally).toEqual({ ok: 1, warn: 2, late: 1, lost: 1 })
    expect(v).toMatchObject({ waiting: 5, soon: 1, late: 2 })
  })

  it('keeps bot-held chats and polite words off the board and out of its figures', () => {
    const v = view(
      [
        waiting('bot', 500, { flags: ['bot_held'], standing_since: at(-499) }),
        row('thanks', { waiting_since: null, flags: ['courtesy'] }),
        waiting('a', 5),
      ],
      12,
      { counts: counts({ courtesy: 1 }) },
    )
    expect(ids(v)).toEqual(['a'])
    expect(v).toMatchObject({ waiting: 1, botHeld: 1, courtesy: 1 })
    expect(v.longest?.wait.id).toBe('a')
  })

  it('freezes a wait of a stale source and puts it in no stage', () => {
    const stale = board([waiting('a', 100, { flags: ['stale'] })])
    const later = viewOf(stale, NOON_MS + 3_600_000, 12)
    expect(later.rows[0]?.lead).toMatchObject({ label: 'unknown', waitedMs: 100_000 })
    expect(later).toMatchObject({ waiting: 1, unknown: 1, late: 0 })
  })

  it('takes the server’s counts where it left rows out', () => {
    const open = counts({ waits_open: { fresh: 900, slow: 80, at_risk: 15, lost: 5 }, bot_held: 30 })
    const v = view([waiting('a', 170)], 12, { counts: open, truncated: 999 })
    expect(v).toMatchObject({ waiting: 1000, more: 999, moreLost: 5, late: 20, botHeld: 30 })
  })

  it('names sources in trouble, the unknown first, then the longest delay', () => {
    const source = (name: string, state: string, lag: number | null): Record<string, unknown> => ({
      name,
      state,
      last_event_at: null,
      lag_seconds: lag,
      reason: null,
    })
    const sources = [
      source('ok', 'ok', 1),
      source('late', 'catching_up', 40),
      source('later', 'catching_up', 74),
      source('dead', 'stale', null),
      { ...source('kicked', 'ok', 1), accounts: 3, accounts_out: 1 },
    ]
    const v = view([], 12, { sources })
    expect(v.sources.troubled.map((s) => s.name)).toEqual(['dead', 'kicked', 'later', 'late'])
    expect(v.sources).toMatchObject({ ok: 1, total: 5, unknown: 2, delayed: 2 })
  })

  it('knows never-received from long-quiet', () => {
    expect(view([], 12, { counts: counts({ last_event_at: null }) }).quietMs).toBeNull()
    expect(view([], 12, { counts: counts({ last_event_at: at(-3) }) }).quietMs).toBe(3_000)
  })

  it('is made from five thousand waits without losing one', () => {
    const v = view(Array.from({ length: 5_000 }, (_, i) => waiting(`w${i}`, i % 400)))
    expect(v.rows.length + v.more).toBe(5_000)
    const few = view(
      Array.from({ length: 5_000 }, (_, i) => waiting(`w${i}`, i % 400, { agent: `a${i % 9}` })),
    )
    expect(few.rows.reduce((all, r) => all + 1 + r.others.length, few.more)).toBe(5_000)
  })
})

describe('who else waits for the agent', () => {
  it('is named as far as there is room, and counted beyond', () => {
    const same = board(
      ['30', '40', '50'].map((id) => waiting(id, Number(id), { agent: 'lin', person: 'lin' })),
    )
    const named = (n: number): number | undefined => viewOf(same, NOON_MS, 12, n).rows[0]?.others.length
    expect([named(2), named(1)]).toEqual([2, 1])
    expect(viewOf(same, NOON_MS, 12, 1).more).toBe(1)
  })
})
