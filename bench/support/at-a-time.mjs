/** As many messages at a time as a program that has thousands would compose: the others wait, and take no memory. */
const AT_A_TIME = 60;

/** Calls `send` with 0 to `count - 1`, and again whenever one of them is done. */
export async function sendAll(count, send) {
  let next = 0;
  const sendOn = async () => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, count) }, sendOn));
}
