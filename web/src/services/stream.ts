/** Server-sent events, told once an animation frame however many there are. */

export interface Message<T> {
  id: string;
  data: T;
}

export interface Listener<T> {
  onMessages: (messages: Message<T>[]) => void;
  onEnd?: () => void;
  /** The server listens, too: what happens from now on is told. */
  onOpen?: () => void;
  onReset?: () => void;
}

/** Listens to the events called `event` until the returned function is called. */
export function listen<T>(url: string, event: string, listener: Listener<T>): () => void {
  const source = new EventSource(url);
  let waiting: Message<T>[] = [];
  let frame = 0;
  const tell = () => {
    frame = 0;
    const told = waiting;
    waiting = [];
    if (told.length) listener.onMessages(told);
  };
  source.addEventListener(event, (message) => {
    waiting.push({ id: message.lastEventId, data: JSON.parse(message.data) as T });
    // A hidden page draws no frames: what it is told must not pile up.
    if (document.hidden) tell();
    else if (!frame) frame = requestAnimationFrame(tell);
  });
  source.addEventListener("end", () => {
    tell();
    source.close();
    listener.onEnd?.();
  });
  // The connection has an event of this name as well, which comes too early.
  source.addEventListener("open", (event) => {
    if (event instanceof MessageEvent) listener.onOpen?.();
  });
  source.addEventListener("reset", () => listener.onReset?.());
  return () => {
    source.close();
    if (frame) cancelAnimationFrame(frame);
  };
}
