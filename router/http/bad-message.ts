/** A message that breaks HTTP/1.1 or our limits; the reader of it closes the connection after the answer. */
export class BadMessage extends Error {
  /** What a client is told: 400, 414, 417, 431 or 501. Upstream messages are H17 whatever this says. */
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.name = "BadMessage";
    this.status = status;
  }
}
