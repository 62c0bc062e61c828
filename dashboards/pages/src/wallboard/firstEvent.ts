/** Three ways to send a first event, ready to be pasted into a shell. */

export interface FirstEvent {
  readonly http: string
  readonly mqtt: string
  readonly websocket: string
}

/**
 * @param origin where this page came from, e.g. `http://127.0.0.1:8480`.
 * @param text what the buyer says.
 */
export function firstEvent(origin: string, text: string): FirstEvent {
  const host = new URL(origin).hostname
  const door = origin.replace(/^http/, 'ws')
  // Quoted for a POSIX shell: the text is ours and has no quote of either kind. `date +%s` with 000 behind it is
  // the epoch in milliseconds, on Linux and on macOS.
  const event = `'{"id":"m-'$(date +%s)'","ts":'$(date +%s)'000,"shop":"senye","buyer":"b-7","role":"buyer","text":"${text}"}'`
  return {
    http: `curl -sS ${origin}/v1/events \\\n  -H 'content-type: application/json' \\\n  -d ${event}`,
    mqtt: `mosquitto_pub -h ${host} -q 1 \\\n  -t presales/v1/events/taobao/senye \\\n  -m ${event}`,
    websocket: [
      "python3 - <<'END'",
      'import json, time',
      'from websockets.sync.client import connect',
      `with connect("${door}/v1/ingest") as door:`,
      '    now = int(time.time() * 1000)',
      '    door.send(json.dumps({"id": f"m-{now}", "ts": now, "shop": "senye",',
      `                          "buyer": "b-7", "role": "buyer", "text": "${text}"}))`,
      '    print(door.recv())',
      'END',
    ].join('\n'),
  }
}
