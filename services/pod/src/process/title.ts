const TITLE_EVERY_MS = 1000;

/**
 * Keeps this process's title current, for `ps -f` and `top -c`. Linux has room for it where the command line was, and
 * cuts it there: each of our command lines is longer than the title that replaces it. (What `ps -e` and `top` show
 * without flags are its first 15 characters, whatever one does.) Returns the end of it.
 */
export function keepTitle(title: () => string): () => void {
  const set = () => {
    process.title = title();
  };
  set();
  const timer = setInterval(set, TITLE_EVERY_MS);
  return () => clearInterval(timer);
}
