/**
 * One line to the live feed that mends itself: reconnects with backoff, asks again after a hole, gives up on a line
 * that is open but dead, and keeps the server's clock.
 *
 * All it needs of the browser is passed in, so the tests move time and cut lines as they like.
 */

import type { BoardFilter } from '../app/options'
import { backoffMs } from './backoff'
import { fold, type Board } from './board'
import { ServerClock } from './clock'
import { readFrame, Unreadable, type Frame } from './frames'

/** The part of a WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
  send(text: string): void
  close(): void
}

export interface Surroundings {
  connect(): Socket
  monotonicMs(): number
  random(): number
  /** Call back once, later; returns what cancels it. */
  later(ms: number, action: () => void): () => void
}

/** `refused`: the server wants a login. `outdated`: it speaks another version than this page, which must be reloaded. */
export type Line = 'connecting' | 'open' | 'waiting' | 'refused' | 'outdated'

const PING_EVERY_MS = 5_000
/** The first pings follow each other quickly: the clock should be right from the start. */
const NEXT_PINGS_MS = [200, 500]
/** Ticks come every 5 s; a line this long silent is dead even if nobody has said so. */
const DEAD_AFTER_MS = 20_000
const RESYNC_AGAIN_MS = 5_000
export const CLOSED_NOT_ALLOWED = 4401
const CLOSED_OTHER_VERSION = 4409

export class LiveConnection {
  readonly clock: ServerClock
  board: Board | null = null
  line: Line = 'connecting'
  attempts = 0
  /** When the server last told the state of the board (a pong proves only that the line is there). */
  private heardAtMs: number | null = null
  private heardServerMs: number | null = null
  private socket: Socket | null = null
  private byeRetryMs = 0
  private resyncAskedAtMs: number | null = null
  private readonly cancels = new Set<() => void>()
  private stopped = false

  constructor(
    private readonly around: Surroundings,
    private readonly onChange: () => void,
    /** What part of the floor is wanted. */
    private readonly asked: BoardFilter | null = null,
  ) {
    this.clock = new ServerClock(() => around.monotonicMs())
  }

  start(): void {
    this.open()
  }

  stop(): void {
    this.stopped = true
    this.cancelAll()
    this.socket?.close()
  }

  /** How long the board has not been confirmed; null before the first snapshot. */
  silentMs(): number | null {
    return this.heardAtMs === null ? null : this.around.monotonicMs() - this.heardAtMs
  }

  /** The server's time at which the board was last confirmed. */
  confirmedAtMs(): number | null {
    return this.heardServerMs
  }

  private open(): void {
    this.line = 'connecting'
    this.resyncAskedAtMs = null
    this.byeRetryMs = 0
    const socket = this.around.connect()
    this.socket = socket
    socket.onopen = () => {
      this.opened(socket)
    }
    socket.onmessage = (event) => {
      if (typeof event.data === 'string') this.received(event.data)
    }
    socket.onclose = (event) => {
      this.closed(socket, event.code)
    }
    this.watchForSilence(socket)
    this.onChange()
  }

  private opened(socket: Socket): void {
    this.line = 'open'
    this.clock.doubt()
    const resume = this.board === null ? null : { epoch: this.board.epoch, seq: this.board.seq }
    socket.send(
      JSON.stringify({ type: 'hello', v: 1, resume, ...(this.asked === null ? {} : { board: this.asked }) }),
    )
    this.ping(socket)
    for (const ms of NEXT_PINGS_MS)
      this.in(ms, () => {
        this.ping(socket)
      })
    this.pingOnAndOn(socket)
    this.onChange()
  }

  private pingOnAndOn(socket: Socket): void {
    this.in(PING_EVERY_MS, () => {
      this.ping(socket)
      this.pingOnAndOn(socket)
    })
  }

  private ping(socket: Socket): void {
    socket.send(JSON.stringify({ type: 'ping', t: this.around.monotonicMs() }))
  }

  private received(text: string): void {
    let frame: Frame | null
    try {
      frame = readFrame(text)
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      console.warn(`live feed: unreadable frame (${error.message})`)
      this.askForAll()
      return
    }
    if (frame === null) return
    if (frame.type === 'pong') {
      this.clock.pong(frame.t, frame.nowMs)
      return
    }
    if (frame.type === 'bye') {
      this.byeRetryMs = frame.retrySeconds * 1000
      return
    }
    const next = fold(this.board, frame)
    if (next === 'gap') {
      this.askForAll()
      return
    }
    if (frame.type === 'snapshot') this.resyncAskedAtMs = null
    this.attempts = 0
    this.board = next
    this.heardAtMs = this.around.monotonicMs()
    this.heardServerMs = frame.nowMs
    this.clock.heard(frame.nowMs)
    this.onChange()
  }

  /** Ask for a snapshot, but not again while one may be under way. */
  private askForAll(): void {
    const nowMs = this.around.monotonicMs()
    if (this.resyncAskedAtMs !== null && nowMs - this.resyncAskedAtMs < RESYNC_AGAIN_MS) return
    this.resyncAskedAtMs = nowMs
    this.socket?.send(JSON.stringify({ type: 'resync' }))
  }

  private watchForSilence(socket: Socket): void {
    const openedAtMs = this.around.monotonicMs()
    const check = (): void => {
      const lastMs = Math.max(openedAtMs, this.heardAtMs ?? openedAtMs)
      const leftMs = lastMs + DEAD_AFTER_MS - this.around.monotonicMs()
      if (leftMs > 0) {
        this.in(leftMs, check)
        return
      }
      socket.close()
      // A browser may wait a minute for the other side to say goodbye; a dead one never does.
      this.closed(socket, 1006)
    }
    this.in(DEAD_AFTER_MS, check)
  }

  private closed(socket: Socket, code: number): void {
    if (socket !== this.socket || this.stopped) return
    this.socket = null
    socket.onopen = socket.onmessage = socket.onclose = null
    this.cancelAll()
    this.attempts += 1
    if (code === CLOSED_OTHER_VERSION) {
      this.line = 'outdated'
      this.onChange()
      return
    }
    this.line = code === CLOSED_NOT_ALLOWED ? 'refused' : 'waiting'
    const backoff = backoffMs(this.attempts, this.around.random())
    this.in(this.byeRetryMs + backoff, () => {
      this.open()
    })
    this.onChange()
  }

  private in(ms: number, action: () => void): void {
    const cancel = this.around.later(ms, () => {
      this.cancels.delete(cancel)
      action()
    })
    this.cancels.add(cancel)
  }

  private cancelAll(): void {
    for (const cancel of this.cancels) cancel()
    this.cancels.clear()
  }
}
