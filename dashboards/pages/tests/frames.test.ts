import { describe, expect, it } from 'vitest'

import { readFrame, Unreadable } from '../src/live/frames'
import { NOON_MS, delta, row, snapshot } from './feed'

const read = (frame: unknown): ReturnType<typeof readFrame> => readFrame(JSON.stringify(frame))

describe('reading frames', () => {
  it('turns instants and seconds into milliseconds', () => {
    const frame = read(
      snapshot([row('a', { stood_seconds: 1.5, standing_since: '2026-11-23T20:00:01+08:00' })]),
    )
    expect(frame).toMatchObject({
      type: 'snapshot',
      nowMs: NOON_MS,
      waits: [{ id: 'a', sinceMs: NOON_MS, stoodMs: 1500, standingSinceMs: NOON_MS + 1000 }],
    })
  })

  it('takes counts and sources left out of a delta as unchanged', () => {
    expect(read(delta(1))).toMatchObject({ counts: null, sources: null })
  })

  it('leaves out what it does not know, so that a newer server may say more', () => {
    expect(read({ type: 'fireworks' })).toBeNull()
    expect(read(snapshot([row('a', { mood: 'fine' })]))).not.toHaveProperty('waits.0.mood')
  })

  it('never takes an unknown state of a source for a healthy one', () => {
    const source = { name: 'c-1', state: 'dreaming', last_event_at: null, lag_seconds: null, reason: null }
    expect(read(snapshot([], { sources: [source] }))).toMatchObject({ sources: [{ state: 'stale' }] })
  })

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['another version', JSON.stringify({ ...snapshot([]), v: 2 })],
    ['an instant that is none', JSON.stringify({ type: 'tick', seq: 1, now: 'noon' })],
    ['a wait without an id', JSON.stringify(snapshot([row('a', { id: null })]))],
    ['an unending number', '{"type":"tick","seq":1e999,"now":"2026-11-23T12:00:00Z"}'],
  ])('refuses %s', (_what, text) => {
    expect(() => readFrame(text)).toThrow(Unreadable)
  })
})
