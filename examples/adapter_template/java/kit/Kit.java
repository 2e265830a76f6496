package kit;

import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import json.Json;

/**
 * The kit's protocol for an adapter in Java: JSON lines, the clock file, events. Copy it as it is.
 *
 * <p>Nothing here is about your SDK: that is Adapter.java. docs/reference/adapter-protocol.md describes the protocol.
 */
public final class Kit {
  private static final OutputStream OUT = new FileOutputStream(FileDescriptor.out);

  /** The future that the running thread works for: events belong to it. Null during the set-up. */
  private static final ThreadLocal<FutureSpec> CURRENT = new ThreadLocal<>();

  private Kit() {}

  /** Describes a client to create; {@code modelPath} is null to sample from the base model. */
  public record ClientSpec(String name, String kind, String baseModel, String modelPath) {}

  private record FutureSpec(long future, String client, String operation, Duration timeout) {}

  /** Drives the SDK in one scenario: what an adapter's author writes. */
  public interface Driver<C> {
    /** Called once, before any client is created. */
    void open() throws Exception;

    C createClient(ClientSpec spec) throws Exception;

    /** Submits an operation, and waits for its result; no longer than {@code timeout}, if that is not null. */
    void run(C client, String operation, Duration timeout) throws Exception;

    /** Returns {@code failed}, {@code expired}, {@code timeout} or {@code error}. */
    String outcomeOf(Exception error);
  }

  /** Writes one line at once, so that the kit reads it before the SDK's next request. */
  private static synchronized void say(Map<String, Object> event) {
    try {
      OUT.write((Json.write(event) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** The clock that the kit moves: {@code SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS} in a file. */
  public static final class FileClock {
    private final Path path;
    private final long run;

    FileClock(String path, long run) {
      this.path = Path.of(path);
      this.run = run;
    }

    public Instant now() {
      return Instant.ofEpochSecond(0, read()[1]);
    }

    public long nanoTime() {
      return read()[2];
    }

    /** Tells the kit until when, and returns when it has moved the clock there. */
    public void sleep(Duration duration) throws InterruptedException {
      long[] start = read();
      long until = start[2] + duration.toNanos();
      FutureSpec who = CURRENT.get();
      if (who != null && until > start[2]) {
        Map<String, Object> event = Json.object("type", "waiting", "id", run, "client", who.client());
        event.putAll(Json.object("future", who.future(), "until", until, "seq", start[0]));
        say(event);
      }
      while (read()[2] < until) {
        Thread.sleep(1);
      }
    }

    private long[] read() {
      try {
        String[] words = Files.readString(path).trim().split(" ");
        return new long[] {Long.parseLong(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2])};
      } catch (IOException error) {
        throw new UncheckedIOException("the clock file cannot be read", error);
      }
    }
  }

  /** One scenario: makes the clients, runs the futures, and sends the events. */
  public static final class Scenario {
    public final String baseUrl;
    public final String apiKey;
    public final FileClock clock;
    private final long id;
    private final boolean together;
    private final List<ClientSpec> clients = new ArrayList<>();
    private final List<FutureSpec> futures = new ArrayList<>();
    private final Map<Long, CountDownLatch> gates = new HashMap<>();

    private Scenario(Map<String, Object> message) {
      id = (Long) message.get("id");
      baseUrl = (String) message.get("base_url");
      apiKey = (String) message.get("api_key");
      clock = new FileClock((String) object(message.get("clock")).get("path"), id);
      together = Boolean.TRUE.equals(message.get("concurrent")) || Boolean.TRUE.equals(message.get("threads"));
      for (Object entry : (List<?>) message.get("clients")) {
        Map<String, Object> spec = object(entry);
        String name = (String) spec.get("name");
        String kind = (String) spec.get("kind");
        clients.add(new ClientSpec(name, kind, (String) spec.get("base_model"), (String) spec.get("model_path")));
      }
      for (Object entry : (List<?>) message.get("futures")) {
        Map<String, Object> spec = object(entry);
        Number seconds = (Number) spec.get("timeout");
        Duration timeout = seconds == null ? null : Duration.ofNanos(Math.round(seconds.doubleValue() * 1e9));
        long future = (Long) spec.get("future");
        futures.add(new FutureSpec(future, (String) spec.get("client"), (String) spec.get("operation"), timeout));
        gates.put(future, new CountDownLatch(Boolean.TRUE.equals(message.get("stepwise")) ? 1 : 0));
      }
    }

    /** Sends a line that the SDK logged; the level is debug, info, warning or error. */
    public void log(String level, String text) {
      double time = clock.read()[1] / 1e9;
      tell("log", Json.object("level", level, "logger", "sdk", "message", text, "time", time));
    }

    /** Sends a call of the client's observer. */
    public void callback(String state) {
      tell("callback", Json.object("state", state));
    }

    private <C> void carryOut(Function<Scenario, Driver<C>> newDriver) {
      Map<String, C> made = new HashMap<>();
      try {
        Driver<C> driver = newDriver.apply(this);
        driver.open();
        for (ClientSpec spec : clients) {
          made.put(spec.name(), driver.createClient(spec));
        }
        List<Thread> threads = new ArrayList<>();
        for (FutureSpec spec : futures) {
          threads.add(new Thread(() -> runFuture(driver, made.get(spec.client()), spec)));
          threads.get(threads.size() - 1).start();
          if (!together) {
            threads.get(threads.size() - 1).join();
          }
        }
        for (Thread thread : threads) {
          thread.join();
        }
      } catch (Exception error) {
        say(Json.object("type", "failed", "id", id, "error", error.toString()));
        return;
      }
      say(Json.object("type", "done", "id", id));
    }

    private <C> void runFuture(Driver<C> driver, C client, FutureSpec spec) {
      CURRENT.set(spec);
      try {
        gates.get(spec.future()).await();
        driver.run(client, spec.operation(), spec.timeout());
        tell("outcome", Json.object("kind", "result"));
      } catch (Exception error) {
        tell("outcome", Json.object("kind", driver.outcomeOf(error), "error", error.toString()));
      }
    }

    private void tell(String type, Map<String, Object> fields) {
      Map<String, Object> event = Json.object("type", type, "id", id, "seq", clock.read()[0]);
      FutureSpec who = CURRENT.get();
      if (who != null) {
        event.putAll(Json.object("client", who.client(), "future", who.future()));
      }
      event.putAll(fields);
      say(event);
    }
  }

  /**
   * Serves until standard input ends.
   *
   * @param about the fields of {@code started}
   * @param newDriver makes the driver of a scenario
   */
  public static <C> void serve(Map<String, Object> about, Function<Scenario, Driver<C>> newDriver) throws IOException {
    // A thread that dies ends the program, so that the kit shows why instead of waiting.
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, error) -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(1);
        });
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Scenario scenario = null;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Map<String, Object> message = object(Json.parse(line));
      switch ((String) message.get("type")) {
        case "start" -> {
          Map<String, Object> started = Json.object("type", "started", "protocol", 1L);
          started.put("runtime", "Java " + System.getProperty("java.version"));
          started.putAll(about);
          say(started);
        }
        case "run" -> {
          Scenario begun = new Scenario(message);
          scenario = begun;
          new Thread(() -> begun.carryOut(newDriver)).start();
        }
        default -> scenario.gates.get((Long) message.get("future")).countDown();
      }
    }
    System.exit(0);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(Object value) {
    return (Map<String, Object>) value;
  }
}
