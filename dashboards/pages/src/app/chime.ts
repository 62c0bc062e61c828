/** Two soft tones, a third apart: heard in a hall of keyboards, startling nobody. */
export function chime(audio: AudioContext): void {
  for (const [index, hertz] of [660, 831].entries()) {
    const from = audio.currentTime + index * 0.16
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.frequency.value = hertz
    volume.gain.setValueAtTime(0, from)
    volume.gain.linearRampToValueAtTime(0.16, from + 0.03)
    volume.gain.exponentialRampToValueAtTime(0.0008, from + 0.9)
    tone.connect(volume).connect(audio.destination)
    tone.start(from)
    tone.stop(from + 1)
  }
}
