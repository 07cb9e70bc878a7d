#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/json_text.hpp>
#include <coyield/generators/rfc3339.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/directory_listing.hpp>
#include <coyield/generators/sources/file_watcher.hpp>
#include <coyield/generators/task.hpp>
#include <stdexcept>

// What the system says (inotify) is taken for a hint that something has happened, and never for what that
// was: events are lost when there are too many, and those that come may be out of date. So the directory is
// listed again after each, and what is told is how it differs from what was told before. Nothing is held
// open between two listings: a directory that is held open is not gone when it is removed.

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// A file that is written to without a pause is told about at least once in so many times `settle`.
constexpr int most_times_settling = 10;

enum class Existing : unsigned char { given, left_out };

struct Job {
  std::string path;
  ListedNames names;
  Existing existing;
  nanoseconds settle;
  BlockingPool* pool;
};

/// A directory that is listed whenever something has happened in it. Belongs to the generator that awaits it,
/// and must not be moved.
class WatchedDirectory {
 public:
  WatchedDirectory(Loop& loop, const Job& job)
      : job_(job), watch_(FileWatcher::of(loop.executor()), changed_) {}

  /// What is in it now; what happens from now on wakes `change`.
  Task<DirectoryListing> list(const DirectoryListing& known) {
    const auto open_it = [this] { return open_directory(job_.path); };
    FileDescriptor directory = co_await job_.pool->run(open_it);
    gone_ = !directory;
    if (gone_) co_return DirectoryListing();
    watch_.content(directory.get());  // by its path each time: another one may have come in its place
    watch_.take();
    changed_.clear();
    const auto list_it = [this, &directory, &known] {
      return list_directory(std::move(directory), job_.names, known);
    };
    co_return co_await job_.pool->run(list_it);
  }

  /// It was not there.
  bool gone() const noexcept { return gone_; }

  /// Waits until something has happened, and then until nothing more does.
  Task<void> change() {
    co_await changed_.wait();
    for (int i = 0; i < most_times_settling; ++i) {
      watch_.take();
      co_await sleep_for(job_.settle);
      const bool again = watch_.take();
      if (!again) co_return;
    }
  }

 private:
  const Job& job_;
  Event changed_;
  FileWatch watch_;
  bool gone_ = false;
};

std::string_view name_of(FileEvent event) noexcept {
  switch (event) {
    case FileEvent::present:
      return "present";
    case FileEvent::created:
      return "created";
    case FileEvent::changed:
      return "changed";
    case FileEvent::removed:
      break;
  }
  return "removed";
}

void write(Buffer& out, const FileDifference& difference) {
  out.clear();
  out.append(R"({"event":")");
  out.append(name_of(difference.event));
  out.append(R"(","name":)");
  append_json_string(out, difference.file->name);
  out.append(R"(,"size":)");
  append_integer(out, difference.file->size);
  out.append(R"(,"modified":")");
  append_rfc3339(out, nanoseconds(difference.file->modified));
  out.append(R"("})");
}

AsyncGenerator<Item> watch(Job job) {
  Loop& loop = co_await this_loop();
  WatchedDirectory directory(loop, job);
  Buffer text;
  const DirectoryListing nothing;
  DirectoryListing known = co_await directory.list(nothing);
  if (directory.gone())
    throw Failure(FailureKind::not_found, "the directory of this endpoint does not exist");
  if (job.existing == Existing::given) {
    for (const ListedFile& file : known) {
      write(text, {FileEvent::present, &file});
      co_yield Item::json(text.view());
    }
  }
  for (;;) {
    co_await directory.change();
    DirectoryListing now = co_await directory.list(known);
    const std::vector<FileDifference> all = differences(known, now);
    for (const FileDifference& each : all) {
      write(text, each);
      co_yield Item::json(text.view());
    }
    known = std::move(now);
    if (directory.gone())
      throw Failure(FailureKind::upstream, "the directory of this endpoint is no longer there");
  }
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  if (context.blocking == nullptr) throw std::logic_error("the source directory needs a BlockingPool");
  Job job{.path = args.get<std::string>("path"),
          .names = {.pattern = args.get<std::string>("pattern"),
                    .max_files = static_cast<std::size_t>(args.get<std::int64_t>("max_files"))},
          .existing = args.get<bool>("existing") ? Existing::given : Existing::left_out,
          .settle = args.get<nanoseconds>("settle"),
          .pool = context.blocking};
  return watch(std::move(job));
}

config::ParameterMistakes check(const config::Arguments& args) {
  config::ParameterMistakes mistakes;
  const auto* path = args.find<std::string>("path");
  if (path != nullptr && path->empty())
    mistakes.push_back({"path", {"is empty", R"(name the directory: "path": "/srv/inbox")"}});
  const auto& pattern = args.get<std::string>("pattern");
  const std::size_t slash = pattern.rfind('/');
  if (pattern.empty()) {
    mistakes.push_back({"pattern", {"is empty, as no name is", R"(write "*" for all, or "*.csv")"}});
  } else if (slash != std::string::npos) {
    const std::string name = slash + 1 == pattern.size() ? "*" : pattern.substr(slash + 1);
    mistakes.push_back({"pattern",
                        {config::in_quotes(pattern) + " has a slash in it, and no name has",
                         "write " + config::in_quotes(name) + ", and the directory in \"path\""}});
  }
  return mistakes;
}

}  // namespace

Source directory_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "directory",
           .summary = "Files that appear in a directory, change and go.",
           .parameters =
               {{.name = "path",
                 .type = ParameterType::text,
                 .summary = "Which directory.",
                 .required = true,
                 .request_values = false},
                {.name = "pattern",
                 .type = ParameterType::text,
                 .summary = "Which names, as for a shell: \"*.csv\", \"day-??.log\", \"[a-f]*\". Names that "
                            "begin with a dot are left out unless it does.",
                 .default_value = "*",
                 .request_values = false},
                {.name = "existing",
                 .type = ParameterType::boolean,
                 .summary = "Whether the files that are there at first are given too, as present.",
                 .default_value = true},
                {.name = "settle",
                 .type = ParameterType::duration,
                 .summary = "How long nothing may have happened before the directory is looked at again; "
                            "after 10 times as long it is in any case.",
                 .default_value = 100ms,
                 .minimum = 1ms,
                 .maximum = 1min},
                {.name = "max_files",
                 .type = ParameterType::integer,
                 .summary = "The stream fails when there are more files, each of which takes some 100 bytes "
                            "and its name.",
                 .default_value = 100'000,
                 .minimum = 1,
                 .maximum = 10'000'000,
                 .request_values = false}},
           .main = "path",
           .example = R"({ "directory": { "path": "/srv/inbox", "pattern": "*.csv" } })",
           .details =
               R"(Yields {"event":"created","name":"a.csv","size":123,"modified":"2026-11-26T09:00:00.25Z"}: )"
               "present, created, changed or removed, the name, and the size and the time of the last change "
               "of the content, for a removed file those that it had last. Files are regular ones and links "
               "to such, not those in directories within. First come those that are there, in the order of "
               "their names. Has no end.\n"
               "What is given is how the directory differs from what was given before, with what was removed "
               "first. So nothing is missed, even when the system has lost count of what has happened "
               "(inotify, which says that something has: nothing is polled), though several changes of one "
               "file may be one, and a file that comes and goes within `settle`, or while the client is "
               "busy, is not heard of. A file that is renamed is one removed and one created; one that "
               "another is renamed to has changed. So has one whose size, time or number is another: what "
               "leaves all three as they were is no change. Bytes of a name that are no UTF-8 become "
               "U+FFFD. In network file systems it is not said what other machines do.\n"
               "Fails with not_found where the directory is not there, forbidden, invalid (it is no "
               "directory), and unavailable where it has more than `max_files`. When it goes later, by being "
               "removed or renamed, its files are given as removed and the stream fails with upstream, "
               "unless another one has come in its place.",
           .check = &check},
      .start = &start};
}

}  // namespace coyield::generators
