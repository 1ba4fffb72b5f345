import TurnoutCore
import TurnoutNumerics

extension ClassificationHead {
    /// Reads `model_head.pkl` as SetFit writes it: a scikit-learn `LogisticRegression`, pickled by joblib or Python.
    ///
    /// Nothing in the file is run; see ``PickleMachine``. What its version of scikit-learn would have answered is kept:
    /// a head of three or more classes that was fitted one class against the rest answers so.
    ///
    /// - Parameters:
    ///   - pickle: The bytes of the file, at most 64 MiB.
    ///   - name: What to call the file in messages.
    /// - Throws: `TurnoutError` with code `.damagedFile` for what is no pickle or whose parts do not fit, `.unsupported`
    ///   for a pickle of anything else, naming the instruction or the name in it.
    /// - Complexity: O(bytes)
    public init(pickle: [UInt8], name: String = "model_head.pkl") throws {
        guard pickle.count <= Self.greatestPickle else {
            throw TurnoutError(
                .unsupported,
                "'\(name)' has \(pickle.count) bytes, and no head has more than \(Self.greatestPickle); give another file"
            )
        }
        if let format = Self.foreignFormat(pickle) {
            throw TurnoutError(
                .unsupported,
                "'\(name)' is \(format), and not a plain pickle of a scikit-learn LogisticRegression; save such a head")
        }
        var machine = PickleMachine(PickleCursor(pickle, file: name))
        let result = try machine.run()
        guard machine.cursor.position == pickle.count else { throw machine.cursor.damaged("goes on after its end") }
        guard case .object(let place) = result, case .regression(let attributes) = machine.objects[place] else {
            throw machine.cursor.refused("holds no LogisticRegression")
        }
        guard let attributes else { throw machine.cursor.damaged("has a head without attributes") }
        try self.init(PickledRegression(machine: machine, attributes: attributes))
    }

    /// 4,096 dimensions and 2,000 classes in 64 bits, more than any head.
    static let greatestPickle = 1 << 26

    /// What else people call `.pkl`; `nil` for what may be a pickle.
    private static func foreignFormat(_ bytes: [UInt8]) -> String? {
        let formats: [([UInt8], String)] = [
            (Array("PK".utf8), "a zip archive, as torch saves a differentiable head"), ([0x1F, 0x8B], "compressed"),
            ([0x78], "compressed"), (Array("BZ".utf8), "compressed"), ([0xFD, 0x37, 0x7A], "compressed"),
            ([0x5D, 0x00, 0x00], "compressed"), (Array("version https://git-lfs".utf8), "a pointer of Git LFS"),
        ]
        return formats.first { bytes.starts(with: $0.0) }?.1
    }
}

/// The attributes of a scikit-learn estimator, as a pickle holds them.
private struct PickledRegression {
    let machine: PickleMachine
    let attributes: Int

    private func attribute(_ name: String) throws -> PickleValue {
        guard let value = machine.value(name, of: .object(attributes)) else {
            throw machine.cursor.damaged("has a head without '\(name)', as one that was never fitted")
        }
        return value
    }

    private func array(_ name: String) throws -> NumpyArray? {
        guard case .object(let place) = try attribute(name), case .array(let array) = machine.objects[place] else {
            return nil
        }
        return array
    }

    private func word(_ name: String) -> String? {
        guard case .text(let word) = machine.value(name, of: .object(attributes)) else { return nil }
        return word
    }

    func classes() throws -> [ClassLabel] {
        guard let labels = try array("classes_")?.labels else {
            throw machine.cursor.refused("has classes that are not called by words or whole numbers")
        }
        return labels
    }

    func weights() throws -> Matrix {
        guard let array = try array("coef_"), array.shape.count == 2, let numbers = array.doubles else {
            throw machine.cursor.damaged("has weights that are no matrix of floats")
        }
        return Matrix(rows: array.shape[0], columns: array.shape[1], storage: numbers.map(Float.init))
    }

    func bias(rows: Int) throws -> [Float] {
        // A head without an intercept has the number 0 there.
        if case .double(let number) = try attribute("intercept_") {
            return [Float](repeating: Float(number), count: rows)
        }
        guard let array = try array("intercept_"), array.shape.count <= 1, let numbers = array.doubles else {
            throw machine.cursor.damaged("has intercepts that are no list of floats")
        }
        return numbers.map(Float.init)
    }

    /// How versions up to 1.7 combined the outputs; later ones have no `multi_class`.
    var link: ClassificationHead.Link {
        switch word("multi_class") {
        case "ovr", "warn": .oneVersusRest
        case "auto", "deprecated": word("solver") == "liblinear" ? .oneVersusRest : .softmax
        default: .softmax
        }
    }

    /// Two classes fitted as one of many: outputs -z and z under softmax, which is the logistic function of 2 z.
    var isDoubled: Bool { word("multi_class") == "multinomial" }
}

extension ClassificationHead {
    fileprivate init(_ regression: PickledRegression) throws {
        let classes = try regression.classes()
        var weights = try regression.weights()
        var bias = try regression.bias(rows: weights.rows)
        if classes.count == 2, regression.isDoubled {
            weights = Matrix(rows: weights.rows, columns: weights.columns, storage: weights.storage.map { 2 * $0 })
            bias = bias.map { 2 * $0 }
        }
        try self.init(classes: classes, weights: weights, bias: bias, link: regression.link)
    }
}
