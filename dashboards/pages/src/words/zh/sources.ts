import { common } from './common'

export const sources = {
  ...common,
  heading: '采集端',
  summary: (ok: number, total: number) => `${ok}/${total} 正常`,
  shopsCovered: (fresh: number, all: number) => `店铺 ${fresh}/${all} 有数据`,
  nothing: '还没有采集端连上来。看板上有发送第一条的方法；采集端怎么写，见文档 collector.zh-CN.md。',
  state: { ok: '正常', catching_up: '数据延迟', stale: '未知' } as Readonly<Record<string, string>>,
  column: {
    state: '状态',
    name: '采集端 · 电脑',
    version: '版本',
    last: '最后消息',
    lag: '延迟',
    backlog: '待传',
    gaps: '采集中断',
    fault: '最近错误',
    account: '子账号',
    login: '登录状态',
    newest: '最新聊天',
    shops: '店铺',
  },
  missed: (times: number, long: string) => `${times} 段 ${long}`,
  since: (ago: string) => `${ago}起`,
  noAccount: '（未注明子账号）',
  catchingUp: '补录中',
  search: '按采集端、电脑、子账号、店铺查找',
  onlyTrouble: '只看异常',
  noneFits: '没有符合条件的采集端',
  uncovered: '没有数据的店铺',
  uncoveredHint: '这些店铺现在没有任何采集端在看：等待显示为未知，不算任何人的责任。',
}

export type SourcesWords = typeof sources
