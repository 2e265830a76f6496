import json, subprocess, sys
from benchmarks.peers import SERVERS


def one(name, futures, runs):
    p = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.peers", name, str(futures)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    port = json.loads(p.stdout.readline())

    def use():
        p.stdin.write("\n")
        p.stdin.flush()
        return json.loads(p.stdout.readline())

    first = 0
    out = []
    for conns, reqs in runs:
        a = use()
        r = json.loads(
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "benchmarks.load",
                    str(port["port"]),
                    str(conns),
                    str(reqs),
                    str(first),
                ],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        b = use()
        first += reqs // 5 + conns + 1
        r["cpu"] = (b["cpu"] - a["cpu"]) / r["requests"] * 1e6
        r["memory"] = b["memory"]
        out.append(r)
        print(
            f"{name:25} {conns:4} {r['requests'] / r['seconds']:9.0f}/s cpu {r['cpu']:7.2f} p99 {r['p99']:.2f} mem {r['memory'] / 1e6:.1f}"
        )
    p.stdin.close()
    p.wait()
    p.stdout.close()
    return out


if __name__ == "__main__":
    for n in sys.argv[1:] or SERVERS:
        one(
            n,
            40000,
            [(32, 20000 if n != "pytest-httpserver" else 4000)] * 3
            + [(256, 10000)] * (n != "pytest-httpserver"),
        )
