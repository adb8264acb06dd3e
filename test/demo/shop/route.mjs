// A worker thread: the length of the shortest way through all cities that ends where the order goes.
import { parentPort, workerData as destination } from 'node:worker_threads';

const depot = 'Porto';
const places = {
  Porto: [41.1, -8.6],
  Lisbon: [38.7, -9.1],
  Seville: [37.4, -6.0],
  Madrid: [40.4, -3.7],
  Bilbao: [43.3, -2.9],
  Bordeaux: [44.8, -0.6],
  Lyon: [45.8, 4.8],
  Geneva: [46.2, 6.1],
  Milan: [45.5, 9.2],
};

/** In kilometres, as flat as the earth is here. */
function distance(from, to) {
  const [north, east] = places[from];
  const [otherNorth, otherEast] = places[to];
  return Math.hypot(111 * (north - otherNorth), 82 * (east - otherEast));
}

function shortest(from, cities) {
  if (cities.length === 0) return distance(from, destination);
  return Math.min(
    ...cities.map(
      (next) =>
        distance(from, next) +
        shortest(
          next,
          cities.filter((city) => city !== next),
        ),
    ),
  );
}

const others = Object.keys(places).filter((city) => city !== depot && city !== destination);
parentPort.postMessage(Math.round(shortest(depot, others)));
