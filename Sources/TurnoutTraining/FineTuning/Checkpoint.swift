import Foundation
import TurnoutCore
import TurnoutEncoders

/// The state of a run in a file: weights, both moments, the best weights so far, and what happened.
///
/// A safetensors file, written aside, synced and renamed, so that a kill at any moment leaves the old one or the new.
struct Checkpoint {
    let path: String
    let everySteps: Int
    /// What data, options and encoder the run is of; another run's file is refused.
    let run: String

    /// Writes the state.
    ///
    /// - Throws: `TurnoutError` with code `.io`.
    func write(_ record: TuningRecord, best: [Float]?, _ state: LearningState) throws {
        let metadata = [
            "format": "turnout-checkpoint-1", "run": run,
            "record": String(decoding: try JSONEncoder().encode(record), as: UTF8.self),
        ]
        func floats(_ block: FloatBlock) -> UnsafeBufferPointer<Float> {
            UnsafeBufferPointer(start: block.start, count: block.count)
        }
        let vectors = [
            ("first", floats(state.first)), ("second", floats(state.second)), ("weights", floats(state.weights)),
        ]
        guard let best else { return try SafetensorsBuilder.write(vectors, metadata: metadata, to: path) }
        try best.withUnsafeBufferPointer { best in
            try SafetensorsBuilder.write(vectors + [("best", best)], metadata: metadata, to: path)
        }
    }

    /// Reads the state, where there is a file, and removes what a kill while it was written left beside it.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when it is no checkpoint, `.invalidArgument` when it is that of
    ///   another run.
    func restore(_ record: inout TuningRecord, best: inout [Float]?, _ state: LearningState) throws {
        WholeFile.removeLeftovers(of: path)
        guard FileManager.default.fileExists(atPath: path) else { return }
        guard let file = try Self.file(path), file.metadata["format"] == "turnout-checkpoint-1",
            let text = file.metadata["record"],
            let read = try? JSONDecoder().decode(TuningRecord.self, from: Data(text.utf8))
        else {
            throw TurnoutError(
                .damagedFile,
                "'\(path)' is no checkpoint of a training run, or a damaged one; name another file, or remove it")
        }
        guard file.metadata["run"] == run, try file.tensor("weights").count == state.table.count else {
            throw TurnoutError(
                .invalidArgument,
                "'\(path)' is the checkpoint of another run: data, settings or encoder differ; remove it to begin anew")
        }
        for (name, block) in [("weights", state.weights), ("first", state.first), ("second", state.second)] {
            let tensor = try file.tensor(name)
            guard tensor.dtype == .f32, tensor.count == state.table.count, Self.copy(tensor, to: block.start) else {
                throw TurnoutError(.damagedFile, "'\(path)' is damaged in '\(name)'; remove it to begin anew")
            }
        }
        let kept = file.has("best") ? try file.floats("best") : nil
        let knowsBest = read.bestEpoch.map { read.scores.indices.contains($0) } ?? true
        guard kept.map({ $0.count == state.table.count && $0.allSatisfy(\.isFinite) }) ?? true, knowsBest,
            (read.bestEpoch == nil) == (kept == nil)
        else {
            throw TurnoutError(.damagedFile, "'\(path)' is damaged in 'best'; remove it to begin anew")
        }
        best = kept
        record = read
        state.findUsedRows()
    }

    /// The file; `nil` for a damaged one.
    private static func file(_ path: String) throws -> SafetensorsFile? {
        do { return try SafetensorsFile(contentsOf: path) } catch let error as TurnoutError
            where error.code == .damagedFile
        { return nil }
    }

    /// Copies what differs, so that memory that was never touched stays untouched; `false` for what is no number.
    private static func copy(_ tensor: SafetensorsTensor, to start: UnsafeMutablePointer<Float>) -> Bool {
        tensor.withUnsafeBytes { bytes in
            for i in 0..<tensor.count {
                let value = bytes.loadUnaligned(fromByteOffset: 4 * i, as: Float.self)
                guard value.isFinite else { return false }
                if value.bitPattern != start[i].bitPattern { start[i] = value }
            }
            return true
        }
    }
}
