import { expect, test } from 'vitest'

import { spanOf, type Asked } from '../src/reports/span'

const asked = (shift: string): Asked => ({ choice: 'shift', shift, from: '2026-11-23', to: '' })

test('a shift is as the roster has it, over midnight too', () => {
  const roster = [
    { key: 'late', from: '16:00', to: '24:00', offset: '+08:00' },
    { key: 'night', from: '22:30', to: '06:00', offset: '-05:00' },
  ]
  expect(spanOf(asked('late'), '2026-11-24', roster).instants).toEqual([
    '2026-11-23T16:00:00+08:00',
    '2026-11-24T00:00:00+08:00',
  ])
  expect(spanOf(asked('night'), '2026-11-24', roster).instants).toEqual([
    '2026-11-23T22:30:00-05:00',
    '2026-11-24T06:00:00-05:00',
  ])
  // One that is not there any more is the first that is.
  expect(spanOf(asked('early'), '2026-11-24', roster).instants?.[0]).toBe('2026-11-23T16:00:00+08:00')
})

test('without a roster the usual three are there', () => {
  expect(spanOf(asked('early'), '2026-11-24').instants).toEqual([
    '2026-11-23T08:00:00+08:00',
    '2026-11-23T16:00:00+08:00',
  ])
})
