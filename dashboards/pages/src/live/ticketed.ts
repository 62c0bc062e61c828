/**
 * A line that is opened with a ticket: the page asks for one with a request that is checked like any other, and shows
 * it at the door of the WebSocket. To who uses the line it looks like any socket; that it waits for its ticket first
 * is only seen in that it opens a moment later.
 */

import type { Answer } from '../api/client'
import type { TicketTold } from '../api/types'
import { CLOSED_NOT_ALLOWED, type Socket } from './connection'

/** As browsers say it where no reason was told. */
const CLOSED_NO_REASON = 1006

export interface Doors {
  ticket(): Promise<Answer<TicketTold>>
  line(ticket: string): Socket
}

export class TicketedSocket implements Socket {
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  private line: Socket | null = null
  private closed = false

  constructor(doors: Doors) {
    void doors.ticket().then((answer) => {
      if (this.closed) return
      if (answer.state === 'ok') this.open(doors.line(answer.data.ticket))
      else this.onclose?.({ code: answer.state === 'refused' ? CLOSED_NOT_ALLOWED : CLOSED_NO_REASON })
    })
  }

  send(text: string): void {
    this.line?.send(text)
  }

  close(): void {
    this.closed = true
    this.line?.close()
  }

  private open(line: Socket): void {
    this.line = line
    line.onopen = () => this.onopen?.()
    line.onmessage = (event) => this.onmessage?.(event)
    line.onclose = (event) => this.onclose?.(event)
  }
}
