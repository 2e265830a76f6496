import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client for the fake server, for test suites in Java. Copy this file.
 *
 * <pre>{@code
 * try (FakeTinker server = FakeTinker.start(); FakeTinker.Test test = server.test("pause")) {
 *   test.addScripts("""
 *       [{"steps": [{"timeout": {"queue_state": "paused_capacity"}}, {"complete": {}}]}]""");
 *   // your SDK, at test.baseUrl
 *   test.verify();
 * }
 * }</pre>
 *
 * <p>Scripts are given, and the journal is returned, as JSON: Java's standard library has no reader for it.
 */
public final class FakeTinker implements AutoCloseable {
  private static final long START_MILLIS = 60_000;
  private static final long STOP_SECONDS = 10;
  private static final Duration REQUEST_LIMIT = Duration.ofSeconds(30);

  /** The server did not start, refused a request, or a test's scripts were not served as written. */
  public static final class FakeTinkerException extends RuntimeException {
    FakeTinkerException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** What the clocks of a test show. */
  public record Clock(long seq, long wallNanos, long monotonicNanos) {}

  public final String url;
  private final String control;
  private final String token;
  private final Process program;
  private final Path folder;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).proxy(HttpClient.Builder.NO_PROXY).build();

  private FakeTinker(Process program, Path folder, String started) {
    this.program = program;
    this.folder = folder;
    this.url = text(started, "url");
    this.control = text(started, "control");
    this.token = text(started, "token");
  }

  /** Starts the program with the command in FAKE_TINKER, or {@code fake-tinker} on the PATH. */
  public static FakeTinker start(String... options) {
    return start(List.of(System.getenv().getOrDefault("FAKE_TINKER", "fake-tinker").trim().split("\\s+")), options);
  }

  /**
   * Starts the program; it ends with this process, even if that is killed.
   *
   * @param command how to start it
   * @param options more of its options, such as {@code --seed}, {@code 7}
   */
  public static FakeTinker start(List<String> command, String... options) {
    Path folder = null;
    Process program = null;
    try {
      folder = Files.createTempDirectory("fake-tinker-");
      List<String> arguments = new ArrayList<>(command);
      String clock = folder.resolve("clock").toString();
      arguments.addAll(List.of("--control", "--clock-file", clock, "--exit-with-stdin"));
      arguments.addAll(List.of(options));
      program = new ProcessBuilder(arguments).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      return new FakeTinker(program, folder, firstLine(program));
    } catch (IOException | FakeTinkerException error) {
      if (program != null) {
        program.destroyForcibly();
      }
      remove(folder);
      String fix = "install tinker-conformance, or set FAKE_TINKER to the command that starts fake-tinker";
      String message = String.join(" ", command) + " did not start: " + error.getMessage() + "; " + fix;
      throw new FakeTinkerException(message, error);
    }
  }

  private static String firstLine(Process program) throws IOException {
    Timer limit = new Timer(true);
    limit.schedule(
        new TimerTask() {
          @Override
          public void run() {
            program.destroyForcibly();
          }
        },
        START_MILLIS);
    try {
      var lines = new BufferedReader(new InputStreamReader(program.getInputStream(), StandardCharsets.UTF_8));
      return String.valueOf(lines.readLine());
    } finally {
      limit.cancel();
    }
  }

  /** Begins a test, with scripts, journal and clock of its own, under a name that the server makes. */
  public Test test() {
    return new Test(request("POST", "/tests", ""));
  }

  /** Begins a test, with scripts, journal and clock of its own. */
  public Test test(String name) {
    return new Test(request("POST", "/tests", "{\"name\": \"" + name + "\"}"));
  }

  /** Stops the program; twice does no harm. */
  @Override
  public void close() {
    try {
      program.getOutputStream().close();
      if (!program.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        program.destroyForcibly();
      }
    } catch (IOException error) {
      program.destroyForcibly();
    } catch (InterruptedException error) {
      program.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    remove(folder);
  }

  private String request(String method, String path, String body) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(control + path))
            .header("Authorization", "Bearer " + token)
            .timeout(REQUEST_LIMIT)
            .method(method, BodyPublishers.ofString(body))
            .build();
    try {
      HttpResponse<String> reply = http.send(request, BodyHandlers.ofString());
      if (reply.statusCode() >= 400) {
        throw new FakeTinkerException(text(reply.body(), "error"), null);
      }
      return reply.body();
    } catch (IOException error) {
      throw new FakeTinkerException(method + " " + path + " had no reply: " + error, error);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new FakeTinkerException(method + " " + path + " was interrupted", error);
    }
  }

  /** A test of a suite; {@code baseUrl} is where its SDK is to send its requests. */
  public final class Test implements AutoCloseable {
    public final String baseUrl;
    public final Path clockFile;
    private final String path;

    private Test(String made) {
      baseUrl = text(made, "base_url");
      clockFile = Path.of(text(made, "clock"));
      path = "/tests/" + text(made, "name");
    }

    /**
     * Adds scripts and rules.
     *
     * @param json a list, written as in a script file
     */
    public void addScripts(String json) {
      request("POST", path + "/scripts", json);
    }

    /** Returns every request so far with its reply, a JSON object each. */
    public List<String> journal() {
      return request("GET", path + "/journal", "").lines().toList();
    }

    /** Throws unless every script was served to its end, and no other request came. */
    public void verify() {
      String verdict = request("GET", path + "/verdict", "");
      if (!verdict.contains("\"ok\":true") && !verdict.contains("\"ok\": true")) {
        throw new FakeTinkerException(text(verdict, "text"), null);
      }
    }

    /** Returns what the clocks of the test show. */
    public Clock clock() {
      return reading(request("GET", path + "/clock", ""));
    }

    /** Moves both clocks of the test; returns what they show then. */
    public Clock advance(Duration duration) {
      double seconds = duration.toNanos() / 1e9;
      return reading(request("POST", path + "/clock", "{\"advance\": " + seconds + "}"));
    }

    /** Sends every reply that a script holds; returns how many there were. */
    public long release() {
      return number(request("POST", path + "/release", ""), "released");
    }

    /** Forgets the test. */
    @Override
    public void close() {
      request("DELETE", path, "");
    }
  }

  private static Clock reading(String json) {
    return new Clock(number(json, "seq"), number(json, "wall_ns"), number(json, "monotonic_ns"));
  }

  /** The text of a key of a JSON object that holds no other object. */
  private static String text(String json, String key) {
    Matcher found = Pattern.compile("\"" + key + "\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
    if (!found.find()) {
      throw new FakeTinkerException("expected the key '" + key + "' in the reply, got " + json, null);
    }
    Matcher escape = Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|(.))").matcher(found.group(1));
    return escape.replaceAll(
        one ->
            Matcher.quoteReplacement(
                one.group(1) != null
                    ? String.valueOf((char) Integer.parseInt(one.group(1), 16))
                    : switch (one.group(2)) {
                      case "n" -> "\n";
                      case "t" -> "\t";
                      default -> one.group(2);
                    }));
  }

  private static long number(String json, String key) {
    Matcher found = Pattern.compile("\"" + key + "\"\\s*:\\s*(\\d+)").matcher(json);
    if (!found.find()) {
      throw new FakeTinkerException("expected the key '" + key + "' in the reply, got " + json, null);
    }
    return Long.parseLong(found.group(1));
  }

  private static void remove(Path folder) {
    if (folder == null) {
      return;
    }
    try (var paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException error) {
      throw new FakeTinkerException(folder + " cannot be removed: " + error, error);
    }
  }
}
