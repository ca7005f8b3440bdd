// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/diff_command.h"

#include <sys/stat.h>

#include <cstdio>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tools/lockstepctl/columns.h"
#include "tools/lockstepctl/json_text.h"
#include "tools/lockstepctl/socket_path.h"
#include "tools/lockstepctl/table_diff.h"

namespace lockstepctl {
namespace {

using Source = absl::StatusOr<std::unique_ptr<LineSource>>;

bool IsSocket(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

Source Open(const Request& request, const std::string& path) {
  if (!IsSocket(path)) {
    absl::StatusOr<std::unique_ptr<DumpFile>> file = DumpFile::Open(path);
    if (!file.ok()) return file.status();
    return std::unique_ptr<LineSource>(*std::move(file));
  }
  if (absl::Status probe = ProbeSocket(path); !probe.ok()) return probe;
  Client client(path, request.timeout_s);
  absl::StatusOr<std::unique_ptr<SortedLines>> lines = SortedDumpOf(client, request.table);
  if (!lines.ok()) return lines.status();
  return std::unique_ptr<LineSource>(*std::move(lines));
}

void Print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::string TextOf(const Difference& difference) {
  if (difference.kind != DifferenceKind::kChanged) {
    return absl::StrCat(difference.kind == DifferenceKind::kOnlyFirst ? "< " : "> ",
                        std::string(difference.line), "\n");
  }
  std::string text = "! " + std::string(difference.key);
  for (const FieldDifference& field : difference.fields) {
    absl::StrAppend(&text, "  ", field.name, " ", field.first, " | ", field.second);
  }
  return text + "\n";
}

std::string JsonOf(const Difference& difference) {
  if (difference.kind != DifferenceKind::kChanged) {
    return absl::StrCat(
        "{\"kind\":\"",
        difference.kind == DifferenceKind::kOnlyFirst ? "only-first" : "only-second",
        "\",\"key\":", JsonString(std::string(difference.key)),
        ",\"line\":", JsonString(std::string(difference.line)), "}");
  }
  std::string json = absl::StrCat(
      "{\"kind\":\"changed\",\"key\":", JsonString(std::string(difference.key)), ",\"fields\":[");
  for (std::size_t i = 0; i < difference.fields.size(); ++i) {
    const FieldDifference& field = difference.fields[i];
    absl::StrAppend(&json, i == 0 ? "" : ",", "{\"name\":", JsonString(field.name),
                    ",\"first\":", JsonString(field.first),
                    ",\"second\":", JsonString(field.second), "}");
  }
  return json + "]}";
}

std::string JsonOf(const std::string& table, const TableDiffCounts& counts) {
  return absl::StrCat("{\"table\":", JsonString(table), ",\"equal\":", counts.equal,
                      ",\"only_first\":", counts.only_first,
                      ",\"only_second\":", counts.only_second, ",\"changed\":", counts.changed,
                      "}");
}

// Prints differences as they are found, up to the limit, then the counts.
class Printer {
 public:
  explicit Printer(const Request& request) : request_(request) {
    if (request.json) {
      Print(absl::StrCat("{\"first\":", JsonString(request.first),
                         ",\"second\":", JsonString(request.second), ",\"differences\":["));
    } else {
      Print(absl::StrCat("< ", request.first, "\n> ", request.second, "\n"));
    }
  }

  void Add(const Difference& difference) {
    ++count_;
    if (count_ > request_.difference_limit && request_.difference_limit != 0) return;
    if (request_.json) {
      Print(absl::StrCat(count_ == 1 ? "" : ",", JsonOf(difference)));
    } else {
      Print(TextOf(difference));
    }
  }

  void Finish(const TableDiff& diff) {
    const std::uint64_t left_out =
        request_.difference_limit == 0 || count_ <= request_.difference_limit
            ? 0
            : count_ - request_.difference_limit;
    if (request_.json) {
      std::string tables;
      for (const auto& [table, counts] : diff) {
        absl::StrAppend(&tables, tables.empty() ? "" : ",", JsonOf(table, counts));
      }
      Print(absl::StrCat("],\"not_shown\":", left_out, ",\"tables\":[", tables,
                         "],\"equal\":", count_ == 0 ? "true" : "false", "}\n"));
      return;
    }
    if (left_out != 0) Print(absl::StrCat("… and ", left_out, " more: raise --limit\n"));
    Columns columns({"TABLE", "EQUAL", "ONLY_FIRST", "ONLY_SECOND", "CHANGED"});
    for (const auto& [table, counts] : diff) {
      columns.Add({table, absl::StrCat(counts.equal), absl::StrCat(counts.only_first),
                   absl::StrCat(counts.only_second), absl::StrCat(counts.changed)});
    }
    Print(columns.Text());
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  const Request& request_;
  std::uint64_t count_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SortedLines>> SortedDumpOf(Client& client,
                                                          const std::string& table) {
  auto lines = std::make_unique<SortedLines>();
  absl::Status added;
  const absl::Status status =
      client.DumpTables(table, [&](const lockstep::control::DumpTablesResponse& chunk) {
        for (const std::string& line : chunk.lines()) {
          if (added.ok()) added = lines->Add(line);
        }
      });
  if (!status.ok()) return status;
  if (!added.ok()) return added;
  if (absl::Status sorted = lines->Sort(); !sorted.ok()) return sorted;
  return lines;
}

absl::StatusOr<int> RunTablesDiff(const Request& request) {
  if (request.first == "-" && request.second == "-") {
    return absl::InvalidArgumentError("tables diff: only one of the two can be standard input");
  }
  // Both nodes are asked at once, so that little changes between the two dumps.
  Source second = absl::UnknownError("");
  std::thread reader([&] { second = Open(request, request.second); });
  const Source first = Open(request, request.first);
  reader.join();
  if (!first.ok()) return first.status();
  if (!second.ok()) return second.status();
  Printer printer(request);
  const absl::StatusOr<TableDiff> diff =
      DiffDumps(**first, **second, [&](const Difference& difference) { printer.Add(difference); });
  if (!diff.ok()) return diff.status();
  printer.Finish(*diff);
  return printer.count() == 0 ? kStatusDone : kStatusDiffer;
}

}  // namespace lockstepctl
