import { describe, expect, it } from 'vitest'

import type { KpiRow } from '../src/api/types'
import { rowOf } from '../src/reports/rows'

const SCORE = { unit: 'round', hits: 9, misses: 1, rate: 0.9 }

function kpi(budget: object | null = null): KpiRow {
  const scores = { taobao_3min: SCORE, other: SCORE }
  return { name: 'senye', platform: 'taobao', budget, scores, figures: null } as unknown as KpiRow
}

describe('a row of a report', () => {
  it('has the target of the contract on any days, and what may still be missed on the running one', () => {
    const targets = { taobao_3min: 0.95 }
    const month = rowOf(kpi(), '', [], targets)
    expect([month.scoreId, month.target, month.left]).toEqual(['taobao_3min', 0.95, null])
    const today = rowOf(kpi({ profile: 'taobao_3min', target: 0.95, rate: 0.9, left: 2 }), '', [], targets)
    expect([today.scoreId, today.target, today.left]).toEqual(['taobao_3min', 0.95, 2])
    expect(rowOf(kpi(), 'other', [], targets).target).toBeNull()
  })
})
