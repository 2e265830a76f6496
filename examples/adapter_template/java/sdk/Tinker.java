package sdk;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import json.Json;

/**
 * A small SDK of the Tinker API, so that the adapter has something to drive: put yours in its place.
 *
 * <p>It behaves like {@code tinker} 0.5.1: samples and forward-backward passes, polled until they are done, and a
 * warning, at most once a minute, while the service is short of capacity. Its clock is injectable. Safe for use by
 * several threads.
 */
public final class Tinker {
  private static final Duration DEBOUNCE = Duration.ofSeconds(60);
  private static final Duration BACK_OFF_CAP = Duration.ofSeconds(30);
  private static final Duration RESUBMIT_CAP = Duration.ofSeconds(10);
  private static final Duration HTTP_TIMEOUT = Duration.ofSeconds(60);
  private static final Set<String> STATES = Set.of("active", "paused_capacity", "paused_rate_limit");
  private static final String NO_CAPACITY = "out of capacity";
  private static final Map<Kind, Map<String, String>> REASONS =
      Map.of(
          Kind.SAMPLING,
          Map.of("paused_rate_limit", "concurrent LoRA rate limit hit", "paused_capacity", NO_CAPACITY),
          Kind.TRAINING,
          Map.of("paused_rate_limit", "concurrent models rate limit hit", "paused_capacity", NO_CAPACITY));

  private enum Kind {
    SAMPLING,
    TRAINING
  }

  /** What the SDK reads the time from. */
  public interface Clock {
    Instant now();

    long nanoTime();

    void sleep(Duration duration) throws InterruptedException;
  }

  /** An error of the SDK. */
  public static class TinkerException extends Exception {
    TinkerException(String message) {
      super(message);
    }
  }

  /** The server reported that the request failed. */
  public static final class RequestFailedException extends TinkerException {
    RequestFailedException(String message) {
      super(message);
    }
  }

  /** The server no longer has the future. */
  public static final class FutureExpiredException extends TinkerException {
    FutureExpiredException(String message) {
      super(message);
    }
  }

  /** The caller's time limit passed before the result came. */
  public static final class WaitTimeoutException extends TinkerException {
    WaitTimeoutException(Duration limit) {
      super("no result within " + limit.toMillis() + " ms; wait longer");
    }
  }

  /** A complete reply; the body is null if it is not a JSON object. */
  private record Reply(int status, Map<String, Object> body) {
    String text(String key) {
      return body != null && body.get(key) instanceof String text ? text : null;
    }
  }

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NORMAL)
          .build();
  private final String baseUrl;
  private final String apiKey;
  private final Clock clock;
  private final BiConsumer<String, String> log;
  private final String session;
  // The service takes a number that it knows for a request that is sent again.
  private final AtomicLong numbers = new AtomicLong();

  /**
   * Connects to the service.
   *
   * @param log takes a level, {@code warning} or {@code error}, and a line
   */
  public Tinker(String baseUrl, String apiKey, Clock clock, BiConsumer<String, String> log)
      throws IOException, InterruptedException {
    this.baseUrl = baseUrl;
    this.apiKey = apiKey;
    this.clock = clock;
    this.log = log;
    this.session = post("create_session", Json.object("tags", List.of(), "sdk_version", "1")).text("session_id");
  }

  /** Creates a client that samples from saved weights, or from a base model if {@code modelPath} is null. */
  public Client samplingClient(String modelPath, String baseModel) throws IOException, InterruptedException {
    Map<String, Object> request = Json.object("session_id", session);
    request.put("sampling_session_seq_id", numbers.incrementAndGet());
    request.put(modelPath == null ? "base_model" : "model_path", modelPath == null ? baseModel : modelPath);
    return new Client(Kind.SAMPLING, post("create_sampling_session", request).text("sampling_session_id"));
  }

  /** Creates a model, and the client that trains it. */
  public Client trainingClient(String baseModel) throws IOException, InterruptedException, TinkerException {
    Map<String, Object> request = Json.object("session_id", session, "base_model", baseModel);
    request.put("model_seq_id", numbers.incrementAndGet());
    request.put("lora_config", Json.object("rank", 8));
    Map<String, Object> model = result("create_model", request, "CreateModel", null, new Deadline(null));
    return new Client(Kind.TRAINING, (String) model.get("model_id"));
  }

  /** A sampling or a training client. */
  public final class Client {
    private final Kind kind;
    private final String name;
    private final AtomicLong requests = new AtomicLong();
    private Instant loggedAt = Instant.EPOCH;

    /** Called with each queue state; the client's own observer unless replaced. */
    public Consumer<String> observer = this::logPause;

    private Client(Kind kind, String name) {
      this.kind = kind;
      this.name = name;
    }

    /**
     * Samples, and waits for the result; a future that the server lost is submitted again.
     *
     * @param timeout how long to wait; null for as long as it takes
     */
    public Map<String, Object> sample(Duration timeout) throws IOException, InterruptedException, TinkerException {
      Object chunk = Json.object("type", "encoded_text", "tokens", List.of(1, 2, 3));
      Map<String, Object> request = Json.object("sampling_session_id", name, "num_samples", 1);
      request.put("prompt", Json.object("chunks", List.of(chunk)));
      request.put("sampling_params", Json.object("max_tokens", 1));
      Deadline deadline = new Deadline(timeout);
      for (Duration pause = Duration.ofMillis(500); ; pause = shorter(pause.multipliedBy(2), RESUBMIT_CAP)) {
        request.put("seq_id", requests.incrementAndGet());
        try {
          return result("asample", request, "Sample", observer, deadline);
        } catch (FutureExpiredException lost) {
          long millis = pause.toMillis();
          deadline.sleep(Duration.ofMillis(ThreadLocalRandom.current().nextLong(millis * 3 / 4, millis)));
        }
      }
    }

    /**
     * Runs one forward-backward pass, and waits for the result.
     *
     * @param timeout how long to wait; null for as long as it takes
     */
    public Map<String, Object> forwardBackward(Duration timeout)
        throws IOException, InterruptedException, TinkerException {
      Map<String, Object> request = Json.object("model_id", name, "seq_id", requests.incrementAndGet());
      request.put("forward_backward_input", Json.object("data", List.of(), "loss_fn", "cross_entropy"));
      return result("forward_backward", request, "ForwardBackward", observer, new Deadline(timeout));
    }

    private void logPause(String state) {
      if (state.equals("active") || !isDue()) {
        return;
      }
      String reason = REASONS.get(kind).getOrDefault(state, "unknown");
      String subject = kind == Kind.SAMPLING ? "Sampling is paused for sampler " : "Training is paused for ";
      log.accept("warning", subject + name + ". Reason: " + reason);
    }

    private synchronized boolean isDue() {
      Instant now = clock.now();
      if (Duration.between(loggedAt, now).compareTo(DEBOUNCE) < 0) {
        return false;
      }
      loggedAt = now;
      return true;
    }
  }

  /** When a caller stops waiting for a result. */
  private final class Deadline {
    private final Duration limit;
    private final long at;

    Deadline(Duration limit) {
      this.limit = limit;
      this.at = limit == null ? 0 : clock.nanoTime() + limit.toNanos();
    }

    void check() throws WaitTimeoutException {
      if (limit != null && clock.nanoTime() - at >= 0) {
        throw new WaitTimeoutException(limit);
      }
    }

    /** Ends early, with an error, when the time has come. */
    void sleep(Duration duration) throws InterruptedException, WaitTimeoutException {
      clock.sleep(limit == null ? duration : shorter(duration, Duration.ofNanos(at - clock.nanoTime())));
      check();
    }
  }

  /** Submits a request, and polls its future until it ends. */
  private Map<String, Object> result(
      String path, Map<String, Object> request, String type, Consumer<String> observer, Deadline deadline)
      throws IOException, InterruptedException, TinkerException {
    Reply submitted = post(path, request);
    if (submitted.status() != 200 || submitted.body() == null) {
      throw new TinkerException(path + " was refused: HTTP " + submitted.status() + " " + submitted.body());
    }
    String id = submitted.text("request_id");
    Duration backOff = Duration.ofSeconds(1);
    for (int iteration = 0; ; iteration++) {
      deadline.check();
      Reply reply;
      try {
        String number = String.valueOf(iteration);
        String[] headers = {"X-Tinker-Request-Iteration", number, "X-Tinker-Request-Type", type};
        reply = post("retrieve_future", Json.object("request_id", id), headers);
      } catch (IOException broken) {
        deadline.sleep(backOff);
        backOff = shorter(backOff.multipliedBy(2), BACK_OFF_CAP);
        continue;
      }
      int status = reply.status();
      Map<String, Object> body = reply.body();
      if (status != 200) {
        backOff = Duration.ofSeconds(1);
      }
      if (status == 408) {
        Object state = body == null ? null : body.get("queue_state");
        if (observer != null && state != null && !state.equals("")) {
          observer.accept(STATES.contains(state) ? (String) state : "unknown");
        }
      } else if (status == 410) {
        throw new FutureExpiredException(id);
      } else if (status == 200 && body != null) {
        if (body.containsKey("error") && body.containsKey("category")) {
          throw new RequestFailedException(String.valueOf(body.get("error")));
        }
        if (!"try_again".equals(body.get("type"))) {
          return body;
        }
        log.accept("warning", id + ": the server answered try_again, and is asked again");
      } else if (status < 500) {
        throw new TinkerException(id + " ended in HTTP " + status + ": " + body);
      }
    }
  }

  private Reply post(String path, Map<String, Object> body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(baseUrl + "/api/v1/" + path))
            .timeout(HTTP_TIMEOUT)
            .headers("X-API-Key", apiKey, "Content-Type", "application/json")
            .POST(BodyPublishers.ofString(Json.write(body)));
    if (headers.length > 0) {
      request.headers(headers);
    }
    HttpResponse<byte[]> reply = http.send(request.build(), BodyHandlers.ofByteArray());
    return new Reply(reply.statusCode(), parsed(content(reply)));
  }

  private static byte[] content(HttpResponse<byte[]> reply) throws IOException {
    InputStream raw = new ByteArrayInputStream(reply.body());
    return switch (reply.headers().firstValue("Content-Encoding").orElse("identity")) {
      case "gzip" -> new GZIPInputStream(raw).readAllBytes();
      case "deflate" -> new InflaterInputStream(raw).readAllBytes();
      default -> reply.body();
    };
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> parsed(byte[] content) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
      return Json.parse(text) instanceof Map<?, ?> map ? (Map<String, Object>) map : null;
    } catch (CharacterCodingException | IllegalArgumentException notJson) {
      return null;
    }
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
