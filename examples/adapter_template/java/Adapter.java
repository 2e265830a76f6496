import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import json.Json;
import kit.Kit;
import sdk.Tinker;

/**
 * The adapter of an SDK in Java. Copy this folder and put your SDK in place of the package {@code sdk}.
 *
 * <p>This file is what you edit; the packages {@code kit} and {@code json} are the protocol, which stays as it is.
 */
public final class Adapter implements Kit.Driver<Tinker.Client> {
  /** Who your SDK is, and what it claims. */
  private static final Map<String, Object> ABOUT =
      Json.object(
          "name", "adapter-template-java",
          "version", "0.1.0",
          "language", "java",
          "profile", "tinker-0.5.1",
          "capabilities",
              List.of("callbacks", "sampling", "training", "concurrency", "threads", "timeout", "virtual_sleep"),
          "operations", List.of("sample", "forward_backward"),
          "clocks", List.of("file"));

  private final Kit.Scenario scenario;
  private Tinker tinker;

  private Adapter(Kit.Scenario scenario) {
    this.scenario = scenario;
  }

  /** The kit's clock, as the SDK wants it. */
  private record SdkClock(Kit.FileClock file) implements Tinker.Clock {
    @Override
    public Instant now() {
      return file.now();
    }

    @Override
    public long nanoTime() {
      return file.nanoTime();
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
      file.sleep(duration);
    }
  }

  /** Gives the SDK the kit's server, clock and logger. */
  @Override
  public void open() throws IOException, InterruptedException {
    tinker = new Tinker(scenario.baseUrl, scenario.apiKey, new SdkClock(scenario.clock), scenario::log);
  }

  /** Creates a client, and tells the kit when the SDK calls its observer. */
  @Override
  public Tinker.Client createClient(Kit.ClientSpec spec) throws Exception {
    var client =
        spec.kind().equals("sampling")
            ? tinker.samplingClient(spec.modelPath(), spec.baseModel())
            : tinker.trainingClient(spec.baseModel());
    var original = client.observer;
    client.observer =
        state -> {
          scenario.callback(state);
          original.accept(state);
        };
    return client;
  }

  /** Submits an operation, and waits for its result. */
  @Override
  public void run(Tinker.Client client, String operation, Duration timeout) throws Exception {
    switch (operation) {
      case "sample" -> client.sample(timeout);
      case "forward_backward" -> client.forwardBackward(timeout);
      default -> throw new IllegalArgumentException(operation + " is not claimed");
    }
  }

  /** Returns how a future ended that threw this exception. */
  @Override
  public String outcomeOf(Exception error) {
    if (error instanceof Tinker.RequestFailedException) {
      return "failed";
    }
    if (error instanceof Tinker.FutureExpiredException) {
      return "expired";
    }
    return error instanceof Tinker.WaitTimeoutException ? "timeout" : "error";
  }

  public static void main(String[] arguments) throws IOException {
    Kit.serve(ABOUT, Adapter::new);
  }
}
