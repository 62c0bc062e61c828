import { describe, expect, it } from 'vitest'

import type { Gap, Source } from '../src/api/types'
import { inOrder, missedBy } from '../src/sources/coverage'
import { inStepOrder } from '../src/waits/said'

function source(name: string, accounts: readonly [string | null, string][] = []): Source {
  return {
    name,
    state: 'ok',
    reason: null,
    last_event_at: null,
    newest_ts: null,
    lag_seconds: 0,
    stale_since: null,
    host: null,
    version: null,
    backlog: null,
    clock_skew_seconds: null,
    last_fault: null,
    shops: [],
    accounts: accounts.map(([account, state]) => ({
      account,
      state,
      shops: [],
      newest_ts: null,
      stale_since: null,
      catching_up: false,
      open_gaps: 0,
    })),
  }
}

function gap(from: string, shop: string, more: Partial<Gap> = {}): Gap {
  const usual = { source: 'C1', account: 'lin', to: null, seconds: 60, reason: 'heartbeat', filled: false }
  return { ...usual, from, shop, ...more }
}

describe('a source', () => {
  it('missed a stretch once, though it is told for each shop, and what was filled it did not miss', () => {
    const gaps = [
      gap('10:00', 'a'),
      gap('10:00', 'b'),
      gap('11:00', 'a', { seconds: 30 }),
      gap('12:00', 'a', { filled: true }),
      gap('13:00', 'a', { source: 'C2' }),
    ]
    expect(missedBy(source('C1'), gaps)).toEqual({ times: 2, seconds: 90 })
    expect(missedBy(source('C3'), gaps)).toEqual({ times: 0, seconds: 0 })
  })

  it('shows the accounts that are out first, and what names none last', () => {
    const told = source('C1', [
      [null, 'online'],
      ['lin', 'online'],
      ['zhou', 'kicked'],
    ])
    expect(inOrder(told.accounts).map((one) => one.account)).toEqual(['zhou', 'lin', null])
  })
})

describe('who was told', () => {
  it('stands in the order of the ladder', () => {
    const told = ['150s', '30s', '120s'].map((step) => ({ step }))
    expect(inStepOrder(told).map(({ step }) => step)).toEqual(['30s', '120s', '150s'])
  })
})
