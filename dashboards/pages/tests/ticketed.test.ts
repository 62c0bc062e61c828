import { describe, expect, it } from 'vitest'

import type { Answer } from '../src/api/client'
import type { TicketTold } from '../src/api/types'
import type { Socket } from '../src/live/connection'
import { TicketedSocket } from '../src/live/ticketed'

class Line implements Socket {
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  readonly said: string[] = []
  isClosed = false
  send(text: string): void {
    this.said.push(text)
  }
  close(): void {
    this.isClosed = true
  }
}

function opened(answer: Answer<TicketTold>): { socket: TicketedSocket; lines: [string, Line][] } {
  const lines: [string, Line][] = []
  const socket = new TicketedSocket({
    ticket: () => Promise.resolve(answer),
    line: (ticket) => {
      const line = new Line()
      lines.push([ticket, line])
      return line
    },
  })
  return { socket, lines }
}

const GIVEN: Answer<TicketTold> = { state: 'ok', data: { ticket: 't-1', good_seconds: 30 } }
const settled = (): Promise<void> => new Promise((go) => setTimeout(go, 0))

describe('a line opened with a ticket', () => {
  it('shows the ticket at the door, and is a socket like any other from then on', async () => {
    const { socket, lines } = opened(GIVEN)
    const heard: unknown[] = []
    socket.onopen = () => heard.push('open')
    socket.onmessage = (event) => heard.push(event.data)
    socket.onclose = (event) => heard.push(event.code)
    await settled()
    const [ticket, line] = lines[0] as [string, Line]
    expect(ticket).toBe('t-1')
    line.onopen?.()
    socket.send('hello')
    line.onmessage?.({ data: 'snapshot' })
    line.onclose?.({ code: 1012 })
    expect(line.said).toEqual(['hello'])
    expect(heard).toEqual(['open', 'snapshot', 1012])
  })

  it.each([
    [{ state: 'refused', loggedIn: false, why: 'a token is needed' }, 4401],
    [{ state: 'failed', why: 'nobody answers' }, 1006],
    [{ state: 'missing' }, 1006],
  ] as [Answer<TicketTold>, number][])('is closed where there is no ticket: %j', async (answer, code) => {
    const { socket, lines } = opened(answer)
    const codes: number[] = []
    socket.onclose = (event) => codes.push(event.code)
    await settled()
    expect(codes).toEqual([code])
    expect(lines).toEqual([])
  })

  it('that was given up meanwhile opens no door', async () => {
    const { socket, lines } = opened(GIVEN)
    socket.close()
    await settled()
    expect(lines).toEqual([])
  })
})
