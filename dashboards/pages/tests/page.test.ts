import { describe, expect, it } from 'vitest'

import { backoffMs } from '../src/live/backoff'
import { freshness } from '../src/live/freshness'
import { loginAddress, pageAddress, readOptions, within, withOption } from '../src/app/options'
import { firstEvent } from '../src/wallboard/firstEvent'
import { themeAt } from '../src/app/theme'
import { SoonWatcher } from '../src/app/soon'
import { percent, span, tenths } from '../src/words/time'
import { wallboard as en } from '../src/words/en/wallboard'
import { wallboard as zh } from '../src/words/zh/wallboard'

const WORDS = { zh, en }

describe('the options of a page', () => {
  it('come from its address', () => {
    const asked =
      '?lang=en&theme=light&tv=1&floor=2F&team=B,A&team=A&platform=jd&name=Hall 2&sound=1&quiet=22-7'
    expect(readOptions(asked, ['zh-CN'])).toEqual({
      language: 'en',
      theme: 'light',
      tv: true,
      board: { shops: [], teams: ['A', 'B'], platforms: ['jd'], floors: ['2F'] },
      name: 'Hall 2',
      sound: true,
      quiet: { from: 22, to: 7 },
    })
  })

  it('are the browser’s language, by the hour, at a desk where nothing is said or what is said is unknown', () => {
    const usual = { language: 'zh', theme: 'auto', tv: false, sound: false, quiet: { from: 0, to: 8 } }
    expect(readOptions('', ['zh-TW', 'en'])).toMatchObject(usual)
    expect(readOptions('?lang=fr&theme=pink&tv=no&quiet=25-99', ['zh'])).toMatchObject(usual)
    expect(readOptions('', ['fr', 'en-GB', 'zh']).language).toBe('en')
    expect(readOptions('', ['fr']).language).toBe('zh')
  })

  it('know hours that go over midnight', () => {
    const night = { from: 22, to: 7 }
    expect([21, 22, 0, 6, 7].map((hour) => within(night, hour))).toEqual([false, true, true, true, false])
  })

  it('make it light by day and dark by night unless said otherwise', () => {
    expect([7, 8, 17, 18].map((hour) => themeAt('auto', hour))).toEqual(['dark', 'light', 'light', 'dark'])
    expect(themeAt('dark', 12)).toBe('dark')
  })

  it('change one at a time', () => {
    expect(withOption('?tv=1&lang=zh', 'lang', 'en')).toBe('?tv=1&lang=en')
  })

  it('go with one to the next page where they are about the viewer, and come back from the login', () => {
    expect(pageAddress('/console', '?lang=en&tv=1&team=A&theme=dark')).toBe('/console?lang=en&theme=dark')
    expect(pageAddress('/agent', '?lang=en', { agent: '小 林' })).toBe(
      '/agent?agent=%E5%B0%8F+%E6%9E%97&lang=en',
    )
    expect(pageAddress('/console', '')).toBe('/console')
    const login = loginAddress({ pathname: '/', search: '?tv=1&team=A%E7%BB%84' })
    expect(new URLSearchParams(login.slice('/login?'.length)).get('next')).toBe('/?tv=1&team=A%E7%BB%84')
  })
})

describe('the chime', () => {
  it('tells of what comes to it, not of what was so, and not too often', () => {
    const watcher = new SoonWatcher(30_000)
    const heard = (ids: string[], second: number): boolean => watcher.see(ids, second * 1000)
    expect(heard(['old'], 0)).toBe(false)
    expect(heard(['old', 'a'], 1)).toBe(true)
    expect(heard(['old', 'a'], 40)).toBe(false)
    expect(heard(['b'], 41)).toBe(true)
    expect(heard(['b', 'c'], 60)).toBe(false)
    expect(heard(['d'], 71)).toBe(true)
  })
})

describe('figures', () => {
  it('never round a rate up to all', () => {
    expect([1, 0.9999, 0.962, 0.95, 0].map(percent)).toEqual(['100%', '99.9%', '96.2%', '95%', '0%'])
  })

  it('stand below each other in a column', () => {
    expect([1, 0.9999, 0.85, 0].map(tenths)).toEqual(['100.0%', '99.9%', '85.0%', '0.0%'])
  })

  it('tell a mean in seconds, then in minutes', () => {
    expect([4.4, 99.4, 99.6, 125, 605].map(span)).toEqual(['4s', '99s', '100s', '125s', '10:05'])
  })
})

describe('backoff', () => {
  it('doubles from half a second to fifteen, and draws from the whole of it', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 60].map((n) => backoffMs(n, 1))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
    ])
    expect(backoffMs(5, 0)).toBe(0)
  })
})

describe('freshness', () => {
  it('doubts after one missed tick and gives up after three', () => {
    expect([0, 7_000, 7_001, 15_000, 15_001].map(freshness)).toEqual([
      'fresh',
      'fresh',
      'late',
      'late',
      'lost',
    ])
  })
})

describe('the first event', () => {
  it.each(['zh', 'en'] as const)('is written for where the page came from (%s)', (language) => {
    const ways = firstEvent('https://desk.example:8443', WORDS[language].firstRun.sampleText)
    expect(ways.http).toContain('curl -sS https://desk.example:8443/v1/events')
    expect(ways.mqtt).toContain('-h desk.example ')
    expect(ways.websocket).toContain('connect("wss://desk.example:8443/v1/ingest")')
    // It is put between single quotes of a shell.
    expect(WORDS[language].firstRun.sampleText).not.toMatch(/['"\\$`]/)
  })
})
