// One stream for all tabs of a browser: it opens no more than six connections to a server.

import { Feed } from "./feed.js";

const feed = new Feed();

self.onconnect = (event) => {
  const [port] = event.ports;
  const listener = (told) => port.postMessage(told);
  port.onmessage = ({ data }) => {
    if (data.kind === "join") feed.join(listener, data.token);
    else feed.leave(listener);
  };
};
