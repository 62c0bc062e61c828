/** The live board as Vue sees it: one value, replaced whole when a frame comes and when a second has passed. */

import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'

import { ask, at } from '../api/client'
import type { TicketTold } from '../api/types'
import { LiveConnection, type Line, type Socket, type Surroundings } from '../live/connection'
import type { Board } from '../live/board'
import { freshness, type Freshness } from '../live/freshness'
import { TicketedSocket } from '../live/ticketed'
import type { Options } from './options'
import { themeAt } from './theme'

/** Long enough that a page which stays of the wrong version, behind some cache, does no harm by trying. */
const RELOAD_AFTER_MS = 15_000

/** A TV's browser runs for months; a fresh page each day costs nothing, while there is somebody to give it. */
const RELOAD_EVERY_MS = 24 * 3_600_000

export interface Shown {
  readonly line: Line
  readonly attempts: number
  readonly freshness: Freshness
  readonly silentMs: number
  /** The instant the board shows: the server's now, or where the data stopped once the line is lost. */
  readonly nowMs: number | null
  /** Null until the first snapshot. */
  readonly board: Board | null
}

/** Follow the live feed. What is drawn of it, the page decides, once for each change and each second. */
export function useBoard(options: Options): ShallowRef<Shown> {
  const connection = new LiveConnection(browserSurroundings(), draw, options.board)
  const shown = shallowRef<Shown>(shownNow(connection))
  let build: string | null = null
  let timer = 0
  let reloadTimer = 0

  function draw(): void {
    const told = connection.board
    if (told !== null) {
      build ??= told.build
      // The server was updated: this page is of the old version, and nobody is at a TV to reload it.
      if (told.build !== build) window.location.reload()
    }
    if (connection.line === 'outdated' && reloadTimer === 0) {
      reloadTimer = window.setTimeout(() => {
        window.location.reload()
      }, RELOAD_AFTER_MS)
    }
    shown.value = shownNow(connection)
  }

  function drawEverySecond(): void {
    draw()
    // Just past the server's next full second, so that all screens of a hall change together.
    const nowMs = connection.clock.now() ?? 0
    if (nowMs > 0)
      document.documentElement.dataset['theme'] = themeAt(options.theme, new Date(nowMs).getHours())
    if (options.tv && performance.now() > RELOAD_EVERY_MS && shown.value.freshness === 'fresh')
      window.location.reload()
    timer = window.setTimeout(drawEverySecond, 1005 - (nowMs % 1000))
  }

  connection.start()
  drawEverySecond()
  onScopeDispose(() => {
    window.clearTimeout(timer)
    window.clearTimeout(reloadTimer)
    connection.stop()
  })
  return shown
}

function shownNow(connection: LiveConnection): Shown {
  const silentMs = connection.silentMs() ?? 0
  const fresh = freshness(silentMs)
  const nowMs = fresh === 'lost' ? connection.confirmedAtMs() : connection.clock.now()
  return {
    line: connection.line,
    attempts: connection.attempts,
    freshness: fresh,
    silentMs,
    nowMs,
    board: nowMs === null ? null : connection.board,
  }
}

function browserSurroundings(): Surroundings {
  return {
    connect: () =>
      new TicketedSocket({
        ticket: () => ask<TicketTold>(at('live', 'ticket'), { method: 'POST' }),
        line: (ticket) => {
          const scheme = window.location.protocol === 'https:' ? 'wss:' : 'ws:'
          const query = new URLSearchParams({ ticket }).toString()
          return new WebSocket(`${scheme}//${window.location.host}/v1/live?${query}`) as Socket
        },
      }),
    monotonicMs: () => performance.now(),
    random: () => Math.random(),
    later: (ms, action) => {
      const id = window.setTimeout(action, ms)
      return () => {
        window.clearTimeout(id)
      }
    },
  }
}
