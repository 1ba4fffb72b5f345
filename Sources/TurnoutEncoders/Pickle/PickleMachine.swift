import TurnoutCore

/// Reads a pickle of a scikit-learn logistic regression, and nothing else.
///
/// A pickle is a program that builds objects, and Python's reader lets it call anything. This one cannot: it knows the
/// instructions that such a head is made of in protocols 2 to 5, and the few names in ``PickleName``, each of which
/// stands for something made right here. Everything else is refused by its name. Memory grows with the file and the
/// number of instructions, both limited; nothing recurses but one array of Python's values inside joblib's format.
struct PickleMachine {
    /// What was built so far.
    private(set) var objects: [PickleObject] = []
    private(set) var cursor: PickleCursor

    private var stack: [PickleValue] = []
    /// Heights of the stack at which groups begin.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var steps = 0
    /// Bytes that may still be made of text; every text is in the file once, whatever the program does with it.
    private var encodable: Int
    /// Whether this reads an array within another pickle.
    private let isNested: Bool

    /// A head has a few hundred instructions, and two more for each class that is called by a name.
    private static let mostSteps = 1 << 16

    init(_ cursor: PickleCursor, isNested: Bool = false) {
        self.cursor = cursor
        self.encodable = cursor.bytes.count
        self.isNested = isNested
    }

    /// Runs to the end of the program and returns what it leaves.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` for what is no pickle, `.unsupported` for one that is more than
    ///   a head, naming the instruction or the name.
    mutating func run() throws -> PickleValue {
        while steps < Self.mostSteps {
            steps += 1
            let code = try cursor.byte()
            guard let instruction = PickleInstruction(rawValue: code) else {
                throw cursor.refused("has the instruction \(PickleInstruction.name(ofOther: code))")
            }
            if instruction == .stop { return try pop() }
            try perform(instruction)
        }
        throw cursor.refused("has more than \(Self.mostSteps) instructions")
    }

    private mutating func perform(_ instruction: PickleInstruction) throws {
        switch instruction {
        case .protocolVersion:
            let version = try cursor.byte()
            guard (2...5).contains(version) else { throw cursor.refused("is a pickle of protocol \(version)") }
        case .frame: _ = try cursor.take(8)
        case .mark: marks.append(stack.count)
        case .none: stack.append(.none)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .int1: stack.append(.integer(try cursor.number(1)))
        case .int2: stack.append(.integer(try cursor.number(2)))
        case .int4: stack.append(.integer(try cursor.signedNumber(4)))
        case .long1: stack.append(.integer(try cursor.signedNumber(try cursor.number(1))))
        case .double:
            let bits = try cursor.take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            stack.append(.double(Double(bitPattern: bits)))
        case .text1: stack.append(.text(try cursor.text(try cursor.number(1))))
        case .text4: stack.append(.text(try cursor.text(try cursor.number(4))))
        case .text8: stack.append(.text(try cursor.text(try cursor.number(8))))
        case .bytes1: stack.append(.bytes(try cursor.take(try cursor.number(1))))
        case .bytes4: stack.append(.bytes(try cursor.take(try cursor.number(4))))
        case .bytes8, .byteArray8: stack.append(.bytes(try cursor.take(try cursor.number(8))))
        case .put1: memo[try cursor.number(1)] = try top()
        case .put4: memo[try cursor.number(4)] = try top()
        case .memoize: memo[memo.count] = try top()
        case .get1: try recall(try cursor.number(1))
        case .get4: try recall(try cursor.number(4))
        default: try build(instruction)
        }
    }

    /// The instructions that make or change objects.
    private mutating func build(_ instruction: PickleInstruction) throws {
        switch instruction {
        case .emptyTuple: push(.tuple([]))
        case .tuple1: try pushTuple(of: 1)
        case .tuple2: try pushTuple(of: 2)
        case .tuple3: try pushTuple(of: 3)
        case .tuple: push(.tuple(try popGroup()))
        case .emptyList: push(.list([]))
        case .append: try extend(by: [try pop()], pairs: false)
        case .appends: try extend(by: try popGroup(), pairs: false)
        case .emptyDictionary: push(.dictionary([]))
        case .setItem:
            let value = try pop()
            try extend(by: [try pop(), value], pairs: true)
        case .setItems: try extend(by: try popGroup(), pairs: true)
        case .global: try pushName(module: try cursor.line(), name: try cursor.line())
        case .stackGlobal:
            guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
                throw cursor.damaged("names something by other than text")
            }
            try pushName(module: module, name: name)
        case .newObject: try make()
        case .reduce: try reduce()
        case .build: try finish()
        default: throw cursor.damaged("has an instruction out of place")
        }
    }

    // MARK: - The stack

    private func top() throws -> PickleValue {
        guard let top = stack.last, stack.count > marks.last ?? 0 else {
            throw cursor.damaged("takes what is not there")
        }
        return top
    }

    private mutating func pop() throws -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func popGroup() throws -> [PickleValue] {
        guard let start = marks.popLast() else { throw cursor.damaged("ends a group that was not begun") }
        defer { stack.removeSubrange(start...) }
        return Array(stack[start...])
    }

    private mutating func push(_ object: PickleObject) {
        stack.append(.object(objects.count))
        objects.append(object)
    }

    private mutating func pushTuple(of count: Int) throws {
        guard stack.count - (marks.last ?? 0) >= count else { throw cursor.damaged("takes what is not there") }
        let parts = Array(stack.suffix(count))
        stack.removeLast(count)
        push(.tuple(parts))
    }

    private mutating func pushName(module: String, name: String) throws {
        guard let known = PickleName(module: module, name: name) else {
            throw cursor.refused("asks for '\(Self.printable(module)).\(Self.printable(name))'")
        }
        stack.append(.name(known))
    }

    private mutating func recall(_ index: Int) throws {
        guard let value = memo[index] else { throw cursor.damaged("recalls what it never kept") }
        stack.append(value)
    }

    private mutating func extend(by values: [PickleValue], pairs: Bool) throws {
        guard case .object(let place) = try top() else { throw cursor.damaged("adds to what is no collection") }
        switch objects[place] {
        case .list(var elements) where !pairs:
            objects[place] = .list([])
            elements += values
            objects[place] = .list(elements)
        case .dictionary(var entries) where pairs && values.count.isMultiple(of: 2):
            objects[place] = .dictionary([])
            entries += values
            objects[place] = .dictionary(entries)
        default: throw cursor.damaged("adds to what is no collection of its kind")
        }
    }

    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.prefix(80).map { $0.isASCII && $0.value >= 0x20 ? Character($0) : "?" })
    }

    // MARK: - Objects

    /// A new estimator, or a new place holder of joblib's.
    private mutating func make() throws {
        guard parts(of: try pop()) == [], case .name(let name) = try pop() else {
            throw cursor.damaged("makes an object of unexpected parts")
        }
        switch name {
        case .logisticRegression where !isNested: push(.regression(attributes: nil))
        case .arrayWrapper where !isNested: push(.arrayWrapper)
        default: throw cursor.refused("makes an object of a kind that is no part of a head there")
        }
    }

    /// What a name makes of its arguments.
    private mutating func reduce() throws {
        guard let arguments = parts(of: try pop()), case .name(let name) = try pop() else {
            throw cursor.damaged("makes something of unexpected parts")
        }
        switch (name, arguments.first) {
        case (.typeClass, .text(let code)):
            guard let type = NumpyType(code: code) else {
                throw cursor.refused("has an array of type '\(Self.printable(code))'")
            }
            push(.type(type))
        case (.makeArray, .name(.arrayClass)): push(.array(nil))
        case (.makeScalar, _) where arguments.count == 2:
            push(.array(try array(type: arguments[0], shape: [], isFortran: false, contents: arguments[1])))
        case (.arrayFromBuffer, let bytes?) where arguments.count == 4:
            push(
                .array(
                    try array(
                        type: arguments[1], shape: try shape(arguments[2]), isFortran: arguments[3] == .text("F"),
                        contents: bytes)))
        case (.encodeText, .text(let text)) where arguments.count == 2 && arguments[1] == .text("latin1"):
            stack.append(.bytes(try latin1(text)))
        default: throw cursor.refused("makes something that is no part of a head")
        }
    }

    private mutating func latin1(_ text: String) throws -> ArraySlice<UInt8> {
        encodable -= text.utf8.count
        guard encodable >= 0 else { throw cursor.damaged("makes more bytes than it has") }
        let scalars = text.unicodeScalars
        guard scalars.allSatisfy({ $0.value < 256 }) else { throw cursor.damaged("has bytes beyond 255") }
        return scalars.map { UInt8(truncatingIfNeeded: $0.value) }[...]
    }

    /// Gives an object what it is made of.
    private mutating func finish() throws {
        let state = try pop()
        guard case .object(let place) = try top() else { throw cursor.damaged("fills in what is no object") }
        switch objects[place] {
        case .regression:
            guard case .object(let attributes) = state, case .dictionary = objects[attributes] else {
                throw cursor.damaged("has a head without attributes")
            }
            objects[place] = .regression(attributes: attributes)
        case .type(var type):
            // (version, byte order, …)
            guard let parts = parts(of: state), parts.count >= 2, case .text(let order) = parts[1] else {
                throw cursor.damaged("has a type without a byte order")
            }
            type.isBigEndian = order == ">"
            objects[place] = .type(type)
        case .array(nil):
            // (version, shape, type, whether the first axis runs fastest, contents)
            guard let parts = parts(of: state), parts.count == 5 else {
                throw cursor.damaged("has an array without contents")
            }
            objects[place] = .array(
                try array(
                    type: parts[2], shape: try shape(parts[1]), isFortran: parts[3] == .bool(true), contents: parts[4]))
        case .arrayWrapper:
            objects[place] = .array(try wrappedArray(state))
        default: throw cursor.damaged("fills in what is whole")
        }
    }

    /// The array whose bytes follow joblib's place holder.
    private mutating func wrappedArray(_ state: PickleValue) throws -> NumpyArray {
        guard case .object(let place) = state, case .dictionary(let entries) = objects[place], entries.count <= 32,
            value("subclass", of: state) == .name(.arrayClass), let type = value("dtype", of: state),
            let sides = value("shape", of: state)
        else { throw cursor.refused("has an array that is not plain") }
        let kind = try arrayType(type), shape = try shape(sides)
        guard kind.kind != .object else {
            var inner = PickleMachine(cursor, isNested: true)
            (inner.steps, inner.encodable) = (steps, encodable)
            defer { (steps, encodable) = (inner.steps, inner.encodable) }
            guard case .object(let place) = try inner.run(), case .array(let array?) = inner.objects[place] else {
                throw inner.cursor.damaged("has an array without contents")
            }
            cursor = inner.cursor
            return array
        }
        if case .integer = value("numpy_array_alignment_bytes", of: state) {
            _ = try cursor.take(try cursor.number(1))
        }
        guard let count = NumpyArray.count(of: shape) else { throw cursor.damaged("has an array beyond any file") }
        let bytes = try cursor.take(count * kind.size)
        return try array(
            type: type, shape: shape, isFortran: value("order", of: state) == .text("F"), contents: .bytes(bytes))
    }

    private func array(type: PickleValue, shape: [Int], isFortran: Bool, contents: PickleValue) throws -> NumpyArray {
        let array: NumpyArray?
        switch contents {
        case .bytes(let bytes):
            array = NumpyArray(type: try arrayType(type), shape: shape, isFortran: isFortran, contents: .bytes(bytes))
        case .object(let place):
            guard case .list(let values) = objects[place] else { throw cursor.damaged("has an array without contents") }
            array = NumpyArray(type: try arrayType(type), shape: shape, isFortran: isFortran, contents: .values(values))
        default: array = nil
        }
        guard let array else { throw cursor.damaged("has an array whose contents do not fill its shape") }
        return array
    }

    private func arrayType(_ value: PickleValue) throws -> NumpyType {
        guard case .object(let place) = value, case .type(let type) = objects[place] else {
            throw cursor.damaged("has an array without a type")
        }
        return type
    }

    private func shape(_ value: PickleValue) throws -> [Int] {
        guard let parts = parts(of: value) else { throw cursor.damaged("has an array without a shape") }
        return try parts.map {
            guard case .integer(let side) = $0 else { throw cursor.damaged("has an array without a shape") }
            return side
        }
    }

    /// The elements of a tuple; `nil` for anything else.
    private func parts(of value: PickleValue) -> [PickleValue]? {
        guard case .object(let place) = value, case .tuple(let parts) = objects[place] else { return nil }
        return parts
    }

    /// An entry of a dictionary; `nil` for anything else.
    func value(_ key: String, of dictionary: PickleValue) -> PickleValue? {
        guard case .object(let place) = dictionary, case .dictionary(let entries) = objects[place] else { return nil }
        let found = stride(from: entries.count - 2, through: 0, by: -2).first { entries[$0] == .text(key) }
        return found.map { entries[$0 + 1] }
    }
}
