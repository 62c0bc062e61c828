import { describe, expect, it } from 'vitest'

import { ServerClock } from '../src/live/clock'

function clockAt(start: number): { clock: ServerClock; move: (ms: number) => void } {
  let now = start
  return {
    clock: new ServerClock(() => now),
    move: (ms) => {
      now += ms
    },
  }
}

describe('the server clock', () => {
  it('knows nothing before it heard something', () => {
    expect(clockAt(5).clock.now()).toBeNull()
  })

  it('runs on from a frame until a pong comes', () => {
    const { clock, move } = clockAt(1_000)
    clock.heard(50_000)
    move(250)
    expect(clock.now()).toBe(50_250)
  })

  it('halves the round trip', () => {
    const { clock, move } = clockAt(0)
    move(80)
    clock.pong(0, 10_040)
    expect(clock.now()).toBe(10_080)
  })

  it('believes the quickest of the last eight pongs', () => {
    const { clock, move } = clockAt(0)
    move(10)
    clock.pong(0, 1_005) // quick: the offset is 1000
    for (let i = 0; i < 7; i++) {
      move(1000)
      clock.pong(10 + i * 1000, 0) // slow, and far off
    }
    expect(clock.now()).toBe(8_010)
    move(400)
    clock.pong(7_010, 7_010 + 200 + 5_000) // the ninth: the quick one is forgotten, this one is now the quickest
    expect(clock.now()).toBe(12_410)
  })

  it('is set forward by a frame from the future: the laptop slept and its monotonic clock with it', () => {
    const { clock, move } = clockAt(0)
    move(10)
    clock.pong(0, 1_005)
    move(1_000)
    clock.heard(3_600_000)
    expect(clock.now()).toBe(3_600_000)
  })

  it('runs on over a reconnect, until what answers then says another time', () => {
    const { clock, move } = clockAt(0)
    move(10)
    clock.pong(0, 1_005)
    clock.doubt()
    move(1_000)
    expect(clock.now()).toBe(2_010)
    clock.heard(500)
    move(7)
    expect(clock.now()).toBe(507)
    clock.doubt()
    move(20)
    clock.pong(1_027, 90_000)
    clock.heard(89_000) // It took long: the pong was better.
    expect(clock.now()).toBe(90_005)
  })

  it('is not set back by a frame that took long', () => {
    const { clock, move } = clockAt(0)
    move(10)
    clock.pong(0, 1_005)
    move(5_000)
    clock.heard(2_000)
    expect(clock.now()).toBe(6_010)
  })
})
