import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;

/** How a suite uses the client. It needs no test framework: {@code java -ea -cp classes FakeTinkerTest}. */
public final class FakeTinkerTest {
  private static final String PAUSE =
      """
      [{"operation": "sample", "steps": [
        {"timeout": {"queue_state": "paused_capacity"}}, {"advance": 60}, {"complete": {}}]}]
      """;

  private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final FakeTinker server;

  private FakeTinkerTest(FakeTinker server) {
    this.server = server;
  }

  private HttpResponse<String> post(String url, String body) throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(URI.create(url)).POST(BodyPublishers.ofString(body)).build();
    return http.send(request, BodyHandlers.ofString());
  }

  private void aSampleIsPolledWhileTheQueueIsPaused() throws IOException, InterruptedException {
    try (var test = server.test();
        var other = server.test()) {
      test.addScripts(PAUSE);
      long start = test.clock().monotonicNanos();

      String future = post(test.baseUrl + "/api/v1/asample", "{\"num_samples\": 1}").body();
      String poll = test.baseUrl + "/api/v1/retrieve_future";
      assert post(poll, future).statusCode() == 408;
      assert post(poll, future).statusCode() == 200;

      assert test.clock().monotonicNanos() == start + 60_000_000_000L;
      var moved = test.advance(Duration.ofMillis(500));
      assert moved.monotonicNanos() == start + 60_500_000_000L;
      String line = moved.seq() + " " + moved.wallNanos() + " " + moved.monotonicNanos();
      assert Files.readString(test.clockFile).trim().equals(line);
      assert other.clock().monotonicNanos() == start;
      assert test.journal().size() == 3;
      assert test.journal().get(1).contains("408");
      assert other.journal().isEmpty();
      test.verify();
    }
  }

  private void aScriptThatWasNotServedToItsEndIsAnError() {
    try (var test = server.test("short")) {
      test.addScripts(PAUSE);
      assert messageOf(test::verify).contains("future-1");
      assert test.release() == 0;
    }
  }

  private void aMistakeSaysWhatToDo() {
    try (var test = server.test()) {
      String message = messageOf(() -> test.addScripts("[{\"steps\": [{\"timout\": {}}]}]"));
      assert message.contains("did you mean 'timeout'") : message;
    }
  }

  private void aProgramThatDoesNotStartIsAnError() {
    for (String command : List.of("no-such-program", "false")) {
      assert messageOf(() -> FakeTinker.start(List.of(command))).contains("did not start");
    }
  }

  private static String messageOf(Runnable action) {
    try {
      action.run();
    } catch (FakeTinker.FakeTinkerException error) {
      return error.getMessage();
    }
    throw new AssertionError("expected an exception");
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    try (FakeTinker server = FakeTinker.start()) {
      var tests = new FakeTinkerTest(server);
      tests.aSampleIsPolledWhileTheQueueIsPaused();
      tests.aScriptThatWasNotServedToItsEndIsAnError();
      tests.aMistakeSaysWhatToDo();
      tests.aProgramThatDoesNotStartIsAnError();
    }
    System.out.println("4 passed");
  }
}
