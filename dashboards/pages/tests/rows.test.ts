import { describe, expect, it } from 'vitest'

import type { KpiRow } from '../src/api/types'
import { rowOf } from '../src/reports/rows'

const SCORE = { unit: 'round', hits: 9, misses: 1, rate: 0.9 }

function kpi(received: number, rounds: number, budget: object | null = null): KpiRow {
  return {
    name: 'senye',
    platform: 'taobao',
    budget,
    scores: { taobao_3min: SCORE, other: SCORE },
    figures: {
      buyers: { received },
      rounds: { total: rounds, answered: rounds },
      first_response: { mean_seconds: null },
      round_response: { mean_seconds: null, p90_seconds: null },
      dropoff: {},
      missed: { rounds: 0 },
      holding: { rate: null },
      followups: { missed: 0 },
    },
  } as unknown as KpiRow
}

describe('a row of a report', () => {
  it('has no buyers where nobody tells whom they wrote to, and none where there were none', () => {
    expect([kpi(7, 9), kpi(0, 9), kpi(0, 0)].map((row) => rowOf(row, '', []).received)).toEqual([7, null, 0])
  })

  it('has the target of the contract on any days, and what may still be missed on the running one', () => {
    const targets = { taobao_3min: 0.95 }
    const month = rowOf(kpi(7, 9), '', [], targets)
    expect([month.scoreId, month.target, month.left]).toEqual(['taobao_3min', 0.95, null])
    const today = rowOf(
      kpi(7, 9, { profile: 'taobao_3min', target: 0.95, rate: 0.9, left: 2 }),
      '',
      [],
      targets,
    )
    expect([today.scoreId, today.target, today.left]).toEqual(['taobao_3min', 0.95, 2])
    expect(rowOf(kpi(7, 9), 'other', [], targets).target).toBeNull()
  })
})
