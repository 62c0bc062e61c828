import { describe, expect, it } from 'vitest'

import type { Limit, Wait } from '../src/live/frames'
import { bandOf, standing, type Standing } from '../src/waits/standing'
import { duration, countdown } from '../src/words/time'

const USUAL: readonly Limit[] = [
  { name: 'slow', afterMs: 60_000 },
  { name: 'at_risk', afterMs: 180_000 },
  { name: 'lost', afterMs: 300_000 },
]

function at(ms: number, more: Partial<Wait> = {}): Standing {
  return standing(
    {
      id: 'a',
      platform: 'taobao',
      shop: 'senye',
      conversation: 'c-a',
      buyer: '张*',
      agent: null,
      account: null,
      person: null,
      team: null,
      limits: USUAL,
      stoodMs: 0,
      standingSinceMs: null,
      messages: 1,
      flags: [],
      alert: null,
      intent: null,
      staleSinceMs: null,
      ...more,
      sinceMs: 0,
    },
    0,
    ms,
  )
}

describe('where a wait stands', () => {
  it('enters a stage one millisecond past its limit', () => {
    expect(at(60_000).band).toBe('ok')
    expect(at(60_001).band).toBe('warn')
    expect(at(180_000)).toMatchObject({ band: 'warn', label: 'soon', leftMs: 0 })
    expect(at(180_001)).toMatchObject({ band: 'late', label: 'at_risk', leftMs: 119_999 })
    expect(at(300_001)).toMatchObject({ band: 'lost', label: 'lost', leftMs: null, overMs: 1 })
  })

  it('is about to be missed in its last minute', () => {
    expect(at(119_999).label).toBe('slow')
    expect(at(120_000).label).toBe('soon')
  })

  it('shows the buyer’s clock and counts on the other while that one stands still', () => {
    const held = at(400_000, { stoodMs: 30_000, standingSinceMs: 100_000 })
    expect(held).toMatchObject({ waitedMs: 400_000, band: 'warn', leftMs: 110_000, paused: true })
  })

  it('never counts below zero when the buyer’s clock is a little ahead of the server’s', () => {
    expect(at(-500)).toMatchObject({ waitedMs: 0, band: 'ok', leftMs: 180_000 })
  })

  it('has no time left to tell where the policy has no late stage', () => {
    expect(at(90_000, { limits: [{ name: 'slow', afterMs: 60_000 }] })).toMatchObject({
      band: 'warn',
      leftMs: null,
      overMs: 30_000,
    })
    expect(at(90_000, { limits: [] })).toMatchObject({ band: 'ok', leftMs: null, overMs: null })
  })

  it('dresses stages of other names by their place from the end', () => {
    const names = ['nudge', 'warning', 'red', 'gone']
    const bands = names.map((name, i) => bandOf({ name, afterMs: i }, i, names.length))
    expect(bands).toEqual(['warn', 'warn', 'late', 'lost'])
    // JD's first reply has no lost stage: at_risk stays what it is.
    expect(bandOf({ name: 'at_risk', afterMs: 30_000 }, 1, 2)).toBe('late')
  })
})

describe('times as they are shown', () => {
  const days = (n: number, hours: number): string => `${n}d ${hours}h`

  it('grow from minutes to days', () => {
    expect(duration(0, days)).toBe('00:00')
    expect(duration(178_999, days)).toBe('02:58')
    expect(duration(3_600_000, days)).toBe('1:00:00')
    expect(duration(90_061_000, days)).toBe('1d 1h')
  })

  it('count down to zero only when nothing is left', () => {
    expect(countdown(1)).toBe('0:01')
    expect(countdown(0)).toBe('0:00')
    expect(countdown(60_000)).toBe('1:00')
  })
})
