import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { LiveConnection, type Socket } from '../src/live/connection'
import { NOON_MS, at, delta, row, snapshot } from './feed'

class FakeSocket implements Socket {
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  sent: Record<string, unknown>[] = []
  isClosed = false

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }
  close(): void {
    this.isClosed = true
  }
  open(): void {
    this.onopen?.()
  }
  say(frame: unknown): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })
  }
  drop(code = 1006): void {
    this.onclose?.({ code })
  }
  types(): unknown[] {
    return this.sent.map((frame) => frame['type'])
  }
}

let sockets: FakeSocket[]
let live: LiveConnection

function latest(): FakeSocket {
  return sockets[sockets.length - 1] as FakeSocket
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  sockets = []
  live = new LiveConnection(
    {
      connect: () => {
        const socket = new FakeSocket()
        sockets.push(socket)
        return socket
      },
      monotonicMs: () => Date.now(),
      random: () => 0.5,
      later: (ms, action) => {
        const id = setTimeout(action, ms)
        return () => {
          clearTimeout(id)
        }
      },
    },
    () => undefined,
  )
  live.start()
})

afterEach(() => {
  live.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('the live connection', () => {
  it('says hello with nothing to resume, then takes the snapshot', () => {
    latest().open()
    expect(latest().sent[0]).toEqual({ type: 'hello', v: 1, resume: null })
    latest().say(snapshot([row('a')]))
    expect(live.board?.waits.size).toBe(1)
    expect(live.confirmedAtMs()).toBe(NOON_MS)
  })

  it('pings three times at once, then every five seconds', () => {
    latest().open()
    vi.advanceTimersByTime(600)
    expect(latest().types()).toEqual(['hello', 'ping', 'ping', 'ping'])
    vi.advanceTimersByTime(10_000)
    expect(latest().types()).toHaveLength(6)
  })

  it('asks for everything once after a hole, and trusts nothing until it has come', () => {
    latest().open()
    latest().say(snapshot([row('a')]))
    vi.advanceTimersByTime(1_000)
    latest().say(delta(3, { up: [row('x')] }))
    latest().say(delta(4, { up: [row('y')] }))
    expect(
      latest()
        .types()
        .filter((type) => type === 'resync'),
    ).toHaveLength(1)
    expect([...(live.board?.waits.keys() ?? [])]).toEqual(['a'])
    expect(live.silentMs()).toBe(1_000)
    latest().say(snapshot([row('y')], { seq: 4 }))
    expect([...(live.board?.waits.keys() ?? [])]).toEqual(['y'])
    expect(live.silentMs()).toBe(0)
  })

  it('asks again when the answer to a hole does not come', () => {
    latest().open()
    latest().say(snapshot([]))
    latest().say(delta(3))
    vi.advanceTimersByTime(5_000)
    latest().say(delta(4))
    expect(
      latest()
        .types()
        .filter((type) => type === 'resync'),
    ).toHaveLength(2)
  })

  it('asks for everything after a frame it cannot read, and stays up', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    latest().open()
    latest().say(snapshot([row('a')]))
    latest().say('{')
    expect(latest().types()).toContain('resync')
    expect(live.board?.waits.size).toBe(1)
    expect(warn).toHaveBeenCalledOnce()
    warn.mockRestore()
  })

  it('comes back after a lost line, later each time, and resumes where it was', () => {
    latest().open()
    latest().say(snapshot([row('a')], { seq: 12 }))
    const waits: number[] = []
    for (let i = 0; i < 7; i++) {
      latest().drop()
      const from = Date.now()
      const before = sockets.length
      while (sockets.length === before) vi.advanceTimersToNextTimer()
      waits.push(Date.now() - from)
    }
    // Half (the draw is 0.5) of 0.5, 1, 2, 4, 8, 15, 15 s.
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 7_500, 7_500])
    latest().open()
    expect(latest().sent[0]).toEqual({ type: 'hello', v: 1, resume: { epoch: 'k3f9', seq: 12 } })
    latest().say(delta(13, { now: at(60), gone: [{ id: 'a', why: 'answered' }] }))
    expect(live.board?.waits.size).toBe(0)
    expect(live.attempts).toBe(0)
  })

  it('waits as long as a server that goes down in order has asked for', () => {
    latest().open()
    latest().say({ type: 'bye', reason: 'restart', retry_seconds: 3 })
    latest().drop(1001)
    vi.advanceTimersByTime(3_249)
    expect(sockets).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(sockets).toHaveLength(2)
  })

  it('gives up on a line that is open but dead', () => {
    latest().open()
    latest().say(snapshot([]))
    vi.advanceTimersByTime(19_999)
    expect(live.line).toBe('open')
    vi.advanceTimersByTime(1)
    expect(sockets[0]?.isClosed).toBe(true)
    expect(live.line).toBe('waiting')
  })

  it('keeps a line that ticks, and does not take a pong for a board', () => {
    latest().open()
    latest().say(snapshot([]))
    for (let second = 5; second <= 60; second += 5) {
      vi.advanceTimersByTime(5_000)
      latest().say({ type: 'tick', seq: 0, now: at(second) })
    }
    expect(live.line).toBe('open')
    vi.advanceTimersByTime(8_000)
    latest().say({ type: 'pong', t: Date.now() - 4, now: at(68) })
    expect(live.silentMs()).toBe(8_000)
  })

  it('stops where the server speaks another version: only a reload helps', () => {
    latest().open()
    latest().drop(4409)
    expect(live.line).toBe('outdated')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('says when the server wants a login', () => {
    latest().open()
    latest().drop(4401)
    expect(live.line).toBe('refused')
  })
})
