/** Why a request got no answer of the app's own: Heroku's codes (semantics.md), with the status that the client sees. */
export interface Failure {
  /** null: the host is nobody's; there is no app to blame. */
  readonly code: string | null;
  readonly status: number;
  readonly description: string;
  /** What the page tells a visitor. */
  readonly text: string;
  /** Seconds; null: no Retry-After. */
  readonly retryAfter: number | null;
}

function failure(code: string | null, status: number, description: string, text: string, retryAfter: number | null = null): Failure {
  return { code, status, description, text, retryAfter };
}

export const FAILURES = {
  crashed: failure("H10", 503, "App crashed", "This application has crashed.", 5),
  backlog: failure("H11", 503, "Backlog too deep", "This application has more requests than it can take.", 5),
  noFirstByte: failure("H12", 503, "Request timeout", "The application took too long to answer."),
  noResponse: failure("H13", 503, "Connection closed without response", "The application closed the connection without an answer."),
  noWeb: failure("H14", 503, "No web processes running", "This application has no web process running."),
  idle: failure("H15", 503, "Idle connection", "The connection was idle for too long."),
  malformed: failure("H17", 503, "Poorly formatted HTTP response", "The application gave an answer that is not HTTP."),
  interrupted: failure("H18", 503, "Server Request Interrupted", "The application broke off its answer."),
  connectTimeout: failure("H19", 503, "Backend connection timeout", "The application could not be reached.", 5),
  bootTimeout: failure("H20", 503, "App boot timeout", "The application is still starting.", 5),
  refused: failure("H21", 503, "Backend connection refused", "The application refused the connection.", 5),
  badRequest: failure("H26", 400, "Bad request", "The request is not valid HTTP."),
  bodyTooLarge: failure("H84", 413, "Request body too large", "The request is larger than this application takes."),
  notAllowed: failure("H85", 403, "Address not allowed", "This application is not open to your address."),
  clientGone: failure("H27", 499, "Client Request Interrupted", ""),
  maintenance: failure("H80", 503, "Maintenance mode", "This application is down for maintenance.", 60),
  nothingPushed: failure("H81", 404, "Blank app", "Nothing has been pushed to this application yet."),
  stopped: failure("H82", 503, "App stopped", "This application was stopped by its owner."),
  ours: failure("H99", 500, "Platform error", "Pushboat failed. This is not the application's fault."),
  unknownHost: failure(null, 404, "Unknown host", "There is no application at this address."),
  routerStarting: failure(null, 503, "Router starting", "Pushboat is starting.", 1),
  gitDown: failure(null, 503, "Git door closed", "Pushboat's git service is restarting; push again in a moment.", 1),
} as const satisfies Readonly<Record<string, Failure>>;
